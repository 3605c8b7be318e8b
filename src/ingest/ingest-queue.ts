import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Queryable } from '../database/client.ts';
import { isDatabaseAway } from '../database/database-error.ts';
import type { SourceFileRow } from '../database/schema.ts';
import { type FileEvents, isTerminal } from './file-events.ts';
import { claimFiles, LEASE_RENEWAL_MS, renewLeases } from './ledger/claim-files.ts';
import { failFile, requeueFile } from './ledger/finish-files.ts';
import { type FileVersion, type RegisteredFile, registerFiles } from './ledger/register-files.ts';
import type { IngestOutcome } from './worker/worker-messages.ts';
import type { WorkerPool } from './worker/worker-pool.ts';

/** How often the ledger is asked for files that nobody told this process about: other replicas', or overdue ones. */
const POLL_MS = 1000;
const DATABASE_AWAY_DELAY_MS = 1000;
/** A statement has room for 65,535 values. */
const REGISTRATION_BATCH = 500;
/** What a stop takes beyond its grace: loads end at their next chunk or with their threads, then the ledger is told. */
const INTERRUPT_MS = 1000;
const REQUEUE_MS = 500;
export const ROLL_BACK_MS = INTERRUPT_MS + REQUEUE_MS + 500;
/** A file that fails by its own doing is tried so often, with pauses of 1, 2, 4 … s. */
const MAX_FAILURES = 5;

export interface IngestQueueOptions {
  readonly database: Queryable;
  readonly workers: WorkerPool;
  readonly events: FileEvents;
  readonly log: Logger;
  /** called once for each file that was loaded or found to be a duplicate, after its commit */
  readonly afterLoad: (file: SourceFileRow) => Promise<void>;
  /** `submitted`: load only what this process submits itself, as the command line does; default `all` */
  readonly claims?: 'all' | 'submitted';
}

/**
 * The one door to loading. What waits is in the ledger, not in memory, so the queue is bounded by nothing but the
 * database, survives every crash, and is shared by all replicas; in memory are only the files that are loading.
 */
export class IngestQueue {
  readonly owner = randomUUID();
  readonly #options: IngestQueueOptions;
  readonly #inFlight = new Map<number, Promise<void>>();
  readonly #submitted = new Set<number>();
  readonly #timers: NodeJS.Timeout[] = [];
  #accepting = false;
  #dispatching: Promise<void> | undefined;
  #wakeAgain = false;
  #isDatabaseAway = false;
  #isRenewing = false;

  constructor(options: IngestQueueOptions) {
    this.#options = options;
  }

  /** Begins to load what waits in the ledger. */
  start(): void {
    this.#accepting = true;
    this.#timers.push(
      setInterval(() => this.wake(), POLL_MS),
      setInterval(() => void this.#renewLeases(), LEASE_RENEWAL_MS),
    );
    this.wake();
  }

  /** Puts file versions into the ledger and wakes the loaders; resolves when they are committed there. */
  async submit(versions: readonly FileVersion[]): Promise<RegisteredFile[]> {
    const reservedFor = this.#options.claims === 'submitted' ? { reservedFor: this.owner } : {};
    const registered: RegisteredFile[] = [];
    for (let from = 0; from < versions.length; from += REGISTRATION_BATCH) {
      const batch = versions.slice(from, from + REGISTRATION_BATCH).map((version) => ({ ...version, ...reservedFor }));
      registered.push(...(await registerFiles(this.#options.database, batch)));
    }
    this.announce(registered.filter(({ isNew }) => isNew).map(({ file }) => file));
    if (this.#options.claims === 'submitted') {
      for (const { file } of registered) if (!isTerminal(file)) this.#submitted.add(file.fileId);
    }
    return registered;
  }

  /** Tells about files that have just entered the queue in the ledger. */
  announce(files: readonly SourceFileRow[]): void {
    for (const file of files) {
      if (this.#options.claims === 'submitted') this.#submitted.add(file.fileId);
      this.#options.events.fileChanged(file);
    }
    this.wake();
  }

  /** Looks for work now. Calls during a look are answered by one more look. */
  wake(): void {
    if (!this.#accepting) return;
    this.#wakeAgain = true;
    this.#dispatching ??= this.#dispatch().finally(() => {
      this.#dispatching = undefined;
      if (this.#wakeAgain) this.wake();
    });
  }

  /**
   * Takes nothing more; lets what is loading finish for `graceMs`, then rolls it back and ends the threads. Files that
   * did not finish wait in the ledger for the next start or another replica. Takes at most `graceMs` + ROLL_BACK_MS.
   */
  async drain(graceMs: number): Promise<void> {
    this.#accepting = false;
    for (const timer of this.#timers) clearInterval(timer);
    const renewal = setInterval(() => void this.#renewLeases(), LEASE_RENEWAL_MS);
    try {
      await this.#finished(graceMs);
      if (this.#inFlight.size === 0) return;
      this.#options.log.info({ files: this.#inFlight.size }, 'rolling back what is still loading');
      this.#options.workers.interrupt();
      await this.#finished(INTERRUPT_MS);
      if (this.#inFlight.size === 0) return;
      await this.#options.workers.destroy();
      await this.#finished(REQUEUE_MS);
    } finally {
      clearInterval(renewal);
    }
  }

  /** Waits until nothing is loading, at most `withinMs`. */
  async #finished(withinMs: number): Promise<void> {
    const waiting = new AbortController();
    // A look for work that is under way may still find some.
    const finished = Promise.resolve(this.#dispatching).then(() => Promise.all(this.#inFlight.values()));
    const timeUp = delay(withinMs, undefined, { signal: waiting.signal }).catch(() => {});
    await Promise.race([finished, timeUp]);
    waiting.abort();
  }

  async #dispatch(): Promise<void> {
    try {
      while (this.#accepting && this.#options.workers.free > 0) {
        this.#wakeAgain = false;
        const files = await claimFiles(this.#options.database, {
          owner: this.owner,
          limit: this.#options.workers.free,
          inFlight: [...this.#inFlight.keys()],
          ...(this.#options.claims === 'submitted' ? { only: [...this.#submitted] } : {}),
        });
        this.#databaseAnswered();
        for (const file of files) this.#load(file);
        if (files.length === 0) break;
      }
      // With no thread free, the next one to finish wakes the queue.
      if (this.#options.workers.free === 0) this.#wakeAgain = false;
    } catch (error) {
      this.#wakeAgain = false;
      this.#logDatabaseError(error, 'the ledger can not be asked for work');
    }
  }

  #load(file: SourceFileRow): void {
    this.#options.events.fileChanged(file);
    const run = this.#options.workers
      .run(file)
      .then((outcome) => this.#settle(file, outcome))
      .catch((error) =>
        this.#logDatabaseError(error, 'the end of a load could not be written; its claim runs out by itself'),
      )
      .finally(() => {
        this.#inFlight.delete(file.fileId);
        this.wake();
      });
    this.#inFlight.set(file.fileId, run);
  }

  async #settle(file: SourceFileRow, outcome: IngestOutcome): Promise<void> {
    const { database, log } = this.#options;
    switch (outcome.kind) {
      case 'ended':
        return await this.#ended(outcome.file);
      case 'claim-lost':
        return this.#takenOver(file);
      case 'interrupted':
        return this.#requeued(await requeueFile(database, file, { delayMs: 0 }));
      case 'database-away':
        log.warn(
          { fileId: file.fileId, name: file.name, error: outcome.message },
          'the load was rolled back and will be tried again',
        );
        return this.#requeued(await requeueFile(database, file, { delayMs: DATABASE_AWAY_DELAY_MS }));
      case 'error': {
        const failures = file.failures + 1;
        const isLast = failures >= MAX_FAILURES;
        const message = `given up after ${failures} attempts: ${outcome.message}`;
        const settled = isLast
          ? await failFile(database, file, { code: 'load_failed', message })
          : await requeueFile(database, file, { delayMs: 1000 * 2 ** (failures - 1), countsAsFailure: true });
        // After a freeze the rows of the replica that has taken over are in the way: its doing, not the file's fault.
        if (settled === undefined) return this.#takenOver(file);
        log.error(
          { fileId: file.fileId, name: file.name, failures, error: outcome.message },
          isLast
            ? 'the load failed for the last time; retry it when the cause is mended'
            : 'the load failed and was rolled back',
        );
        return this.#requeued(settled);
      }
    }
  }

  async #ended(file: SourceFileRow): Promise<void> {
    const { events, log, afterLoad } = this.#options;
    const { fileId, name, status, rowsRead, rowsLoaded, rowsRejected, errorCode, errorMessage, duplicateOf } = file;
    if (isTerminal(file)) this.#submitted.delete(fileId);
    switch (status) {
      case 'loaded':
        log.info({ fileId, name, rowsRead, rowsLoaded, rowsRejected }, 'file loaded');
        break;
      case 'duplicate':
        log.info({ fileId, name, duplicateOf }, 'file is a duplicate: no row loaded');
        break;
      case 'failed':
        log.warn({ fileId, name, code: errorCode, error: errorMessage }, 'file failed');
        break;
      case 'queued':
      case 'loading':
        log.debug({ fileId, name }, 'file waits');
    }
    if (status === 'loaded' || status === 'duplicate') await afterLoad(file);
    events.fileChanged(file);
    if (status === 'queued') this.#wakeWhenDue(file);
  }

  #takenOver(file: SourceFileRow): void {
    this.#options.log.warn({ fileId: file.fileId, name: file.name }, 'another replica has taken the file over');
  }

  #requeued(file: SourceFileRow | undefined): void {
    if (file === undefined) return;
    this.#options.events.fileChanged(file);
    if (file.status === 'queued') this.#wakeWhenDue(file);
  }

  #wakeWhenDue(file: SourceFileRow): void {
    const delayMs = file.availableAt.getTime() - file.updatedAt.getTime();
    setTimeout(() => this.wake(), delayMs + 1).unref();
  }

  async #renewLeases(): Promise<void> {
    // Behind one that waits for the database, the next ones would take all the connections.
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    try {
      await renewLeases(this.#options.database, this.owner, [...this.#inFlight.keys(), ...this.#submitted]);
    } catch (error) {
      this.#logDatabaseError(error, 'leases could not be renewed');
    } finally {
      this.#isRenewing = false;
    }
  }

  /** An outage is told once, not every second. */
  #logDatabaseError(error: unknown, message: string): void {
    if (!isDatabaseAway(error)) {
      this.#options.log.error({ err: error }, message);
    } else if (!this.#isDatabaseAway) {
      this.#isDatabaseAway = true;
      this.#options.log.warn({ err: error }, `the database is away: ${message}`);
    }
  }

  #databaseAnswered(): void {
    if (!this.#isDatabaseAway) return;
    this.#isDatabaseAway = false;
    this.#options.log.info('the database is back');
  }
}
