import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Queryable } from '../database/client.ts';
import type { SourceFileRow } from '../database/schema.ts';
import { type FileEvents, isTerminal } from './file-events.ts';
import { claimFiles, LEASE_RENEWAL_MS, renewLeases } from './ledger/claim-files.ts';
import { type FileVersion, type RegisteredFile, registerFiles } from './ledger/register-files.ts';
import { OutageLog } from './outage-log.ts';
import { RETRY_DELAY_MS, Settlement } from './settlement.ts';
import type { WorkerPool } from './worker/worker-pool.ts';

/** How often the ledger is asked for files that nobody told this process about: other replicas', or overdue ones. */
const POLL_MS = 1000;
/** The main thread turns so many rows into objects at once, which takes it less than 20 ms: then requests have their turn. */
const REGISTRATION_BATCH = 250;
/** What a stop takes beyond its grace: loads end at their next chunk or with their threads, then the ledger is told. */
const INTERRUPT_MS = 1000;
const REQUEUE_MS = 500;
export const ROLL_BACK_MS = INTERRUPT_MS + REQUEUE_MS + 500;
/** The most small files that share a transaction; what costs the same for each transaction is small beside them. */
const PORTION_FILES = 256;

export interface IngestQueueOptions {
  readonly database: Queryable;
  /** ends a file as failed for good, with its rows taken out; undefined where the claim is no longer held */
  readonly park: (file: SourceFileRow, message: string) => Promise<SourceFileRow | undefined>;
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
  readonly #inFlight = new Set<number>();
  /** what is being loaded and settled, and of how many files each */
  readonly #portions = new Map<Promise<void>, number>();
  readonly #submitted = new Set<number>();
  readonly #timers: NodeJS.Timeout[] = [];
  #accepting = false;
  #dispatching: Promise<void> | undefined;
  #wakeAgain = false;
  #isRenewing = false;
  /** A loader had no session, or lost it, and none has brought a file to its end since. */
  #areLoadersAway = false;
  readonly #draining = new AbortController();
  readonly #outages: OutageLog;
  readonly #settlement: Settlement;

  constructor(options: IngestQueueOptions) {
    this.#options = options;
    this.#outages = new OutageLog(options.log);
    this.#settlement = new Settlement({
      ...options,
      outages: this.#outages,
      onTerminal: (fileId) => this.#submitted.delete(fileId),
      onQueued: (delayMs) => void setTimeout(() => this.wake(), delayMs).unref(),
    });
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
    this.#draining.abort();
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
    const finished = Promise.resolve(this.#dispatching).then(() => Promise.all(this.#portions.keys()));
    const timeUp = delay(withinMs, undefined, { signal: waiting.signal }).catch(() => {});
    await Promise.race([finished, timeUp]);
    waiting.abort();
  }

  async #dispatch(): Promise<void> {
    try {
      while (this.#accepting && this.#free > 0) {
        this.#wakeAgain = false;
        const files = await claimFiles(this.#options.database, {
          owner: this.owner,
          // A file that was tried once is loaded alone from then on: an outage must not make that of all that wait.
          limit: this.#areLoadersAway ? 1 : PORTION_FILES,
          inFlight: [...this.#inFlight],
          ...(this.#options.claims === 'submitted' ? { only: [...this.#submitted] } : {}),
        });
        this.#outages.answered();
        if (files.length === 0) break;
        this.#load(files);
      }
      // With no thread free, the next one to finish wakes the queue.
      if (this.#free === 0) this.#wakeAgain = false;
    } catch (error) {
      this.#wakeAgain = false;
      this.#outages.report(error, 'the ledger can not be asked for work');
    }
  }

  /**
   * A portion holds its place until all of its files are settled: so much and no more is ever in the air. While one of
   * small files is, which takes a moment, the next one is claimed already, so that no thread waits for the ledger.
   */
  get #free(): number {
    const ahead = [...this.#portions.values()].some((files) => files > 1) ? 1 : 0;
    return this.#options.workers.threads + ahead - this.#portions.size;
  }

  #load(files: readonly SourceFileRow[]): void {
    for (const { fileId } of files) this.#inFlight.add(fileId);
    const portion = this.#loadAndSettle(files).finally(() => {
      this.#portions.delete(portion);
      this.wake();
    });
    this.#portions.set(portion, files.length);
    // Once it is on its way: a listener that throws must not leave it claimed and never loaded.
    for (const file of files) this.#options.events.fileChanged(file);
  }

  async #loadAndSettle(files: readonly SourceFileRow[]): Promise<void> {
    const settled: Promise<void>[] = [];
    let isAway = false;
    await this.#options.workers.run(files, (ended) => {
      isAway = ended.some(({ outcome }) => outcome.kind === 'database-away');
      if (isAway) this.#areLoadersAway = true;
      else if (ended.some(({ outcome }) => outcome.kind === 'ended')) this.#areLoadersAway = false;
      settled.push(
        this.#settlement.settle(ended).finally(() => {
          for (const { file } of ended) this.#inFlight.delete(file.fileId);
        }),
      );
    });
    await Promise.all(settled);
    // While loaders get no session though the ledger has one, all that waits would be claimed and given back without end.
    if (isAway) await delay(RETRY_DELAY_MS, undefined, { signal: this.#draining.signal }).catch(() => {});
  }

  async #renewLeases(): Promise<void> {
    // Behind one that waits for the database, the next ones would take all the connections.
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    try {
      await renewLeases(this.#options.database, this.owner, [...this.#inFlight, ...this.#submitted]);
    } catch (error) {
      this.#outages.report(error, 'leases could not be renewed');
    } finally {
      this.#isRenewing = false;
    }
  }
}
