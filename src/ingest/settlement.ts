import type { Logger } from 'pino';
import type { Queryable } from '../database/client.ts';
import type { SourceFileRow } from '../database/schema.ts';
import { type FileEvents, isTerminal } from './file-events.ts';
import { requeueFile, requeueFiles } from './ledger/finish-files.ts';
import { OutageLog } from './outage-log.ts';
import type { EndedAttempt } from './worker/worker-pool.ts';

/** Between an attempt that ended by no fault of the file and the next one. */
export const RETRY_DELAY_MS = 1000;
/** A file that fails by its own doing is tried so often, with pauses of 1, 2, 4 … s. */
const MAX_FAILURES = 5;

export interface SettlementOptions {
  readonly database: Queryable;
  /** ends a file as failed for good, with its rows taken out; undefined where the claim is no longer held */
  readonly park: (file: SourceFileRow, message: string) => Promise<SourceFileRow | undefined>;
  readonly events: FileEvents;
  readonly log: Logger;
  readonly outages: OutageLog;
  readonly afterLoad: (file: SourceFileRow) => Promise<void>;
  readonly onTerminal: (fileId: number) => void;
  /** a file waits again, and is due in so many milliseconds */
  readonly onQueued: (delayMs: number) => void;
}

/** What follows from the end of an attempt: for the ledger, the file, the log and whoever listens. */
export class Settlement {
  readonly #options: SettlementOptions;
  /** Of the sessions of loaders: those of the ledger may live on while the server begins no new one. */
  readonly #loaderOutages: OutageLog;

  constructor(options: SettlementOptions) {
    this.#options = options;
    this.#loaderOutages = new OutageLog(options.log);
  }

  /** Never rejects: where the ledger can not be told, the claims run out by themselves. */
  async settle(attempts: readonly EndedAttempt[]): Promise<void> {
    const rolledBack = attempts.filter(({ outcome }) => isRolledBack(outcome.kind));
    const others = attempts.filter(({ outcome }) => !isRolledBack(outcome.kind));
    if (others.some(({ outcome }) => outcome.kind === 'ended')) this.#loaderOutages.answered();
    await Promise.all([
      this.#unlessLost(() => this.#waitAgain(rolledBack)),
      ...others.map((attempt) => this.#unlessLost(() => this.#settleOne(attempt))),
    ]);
  }

  async #unlessLost(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#options.outages.report(error, 'the end of a load could not be written; its claim runs out by itself');
    }
  }

  /** Together, since a stop has little time: whatever ended one of them has ended all. */
  async #waitAgain(attempts: readonly EndedAttempt[]): Promise<void> {
    const [first] = attempts;
    if (first === undefined) return;
    const { outcome, file } = first;
    if (outcome.kind === 'database-away') {
      const which = attempts.length > 1 ? { files: attempts.length } : { name: file.name };
      const details = { ...which, error: outcome.message };
      this.#loaderOutages.away(details, 'what was being loaded is rolled back and will be tried again');
    } else if (outcome.kind === 'thread-lost') {
      const details = { files: attempts.length, error: outcome.message };
      this.#options.log.warn(details, 'the load was rolled back and will be tried again, file by file');
    }
    const delayMs = outcome.kind === 'interrupted' ? 0 : RETRY_DELAY_MS;
    const claims = attempts.map((attempt) => attempt.file);
    for (const queued of await requeueFiles(this.#options.database, claims, { delayMs })) this.#requeued(queued);
  }

  async #settleOne({ file, outcome }: EndedAttempt): Promise<void> {
    switch (outcome.kind) {
      case 'ended':
        return await this.#ended(outcome.file);
      case 'claim-lost':
        return this.#takenOver(file);
      case 'error':
        return await this.#failed(file, outcome.message);
    }
  }

  async #failed(file: SourceFileRow, reason: string): Promise<void> {
    const { database, park, log } = this.#options;
    const failures = file.failures + 1;
    const isLast = failures >= MAX_FAILURES;
    const message = `given up after ${failures} attempts: ${reason}`;
    const settled = isLast
      ? await park(file, message)
      : await requeueFile(database, file, { delayMs: 1000 * 2 ** (failures - 1), countsAsFailure: true });
    // After a freeze the rows of the replica that has taken over are in the way: its doing, not the file's fault.
    if (settled === undefined) return this.#takenOver(file);
    log.error(
      { fileId: file.fileId, name: file.name, failures, error: reason },
      isLast
        ? 'the load failed for the last time; retry it when the cause is mended'
        : 'the load failed and was rolled back',
    );
    this.#requeued(settled);
  }

  async #ended(file: SourceFileRow): Promise<void> {
    const { events, afterLoad } = this.#options;
    if (isTerminal(file)) this.#options.onTerminal(file.fileId);
    this.#logEnd(file);
    if (file.status === 'loaded' || file.status === 'duplicate') await afterLoad(file);
    events.fileChanged(file);
    if (file.status === 'queued') this.#wakeWhenDue(file);
  }

  #logEnd(file: SourceFileRow): void {
    const { log } = this.#options;
    const { fileId, name, status, rowsRead, rowsLoaded, rowsRejected, errorCode, errorMessage, duplicateOf } = file;
    switch (status) {
      case 'loaded':
        log.info({ fileId, name, rowsRead, rowsLoaded, rowsRejected }, 'file loaded');
        break;
      case 'duplicate':
        log.info({ fileId, name, duplicateOf }, 'file is a duplicate: no row loaded');
        break;
      case 'failed':
        // This message shows the first line, which in a file without a header is a row: it stays in the ledger.
        if (errorCode === 'missing_columns') log.warn({ fileId, name, code: errorCode }, 'file failed');
        else log.warn({ fileId, name, code: errorCode, error: errorMessage }, 'file failed');
        break;
      case 'held':
        log.warn({ fileId, name, rowsRejected, error: errorMessage }, 'file held: none of its rows is loaded');
        break;
      case 'reverted':
      case 'queued':
      case 'loading':
        log.debug({ fileId, name }, 'file waits');
    }
  }

  #takenOver(file: SourceFileRow): void {
    this.#options.log.warn({ fileId: file.fileId, name: file.name }, 'another replica has taken the file over');
  }

  #requeued(file: SourceFileRow): void {
    this.#options.events.fileChanged(file);
    if (file.status === 'queued') this.#wakeWhenDue(file);
  }

  #wakeWhenDue(file: SourceFileRow): void {
    this.#options.onQueued(file.availableAt.getTime() - file.updatedAt.getTime() + 1);
  }
}

function isRolledBack(kind: EndedAttempt['outcome']['kind']): boolean {
  return kind === 'interrupted' || kind === 'database-away' || kind === 'thread-lost';
}
