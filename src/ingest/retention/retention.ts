import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import type { Logger } from 'pino';
import type { Queryable } from '../../database/client.ts';
import { isDeadlock, isLockTimeout } from '../../database/database-error.ts';
import { inTransaction } from '../../database/transaction.ts';
import { rootMessage } from '../../error-code.ts';
import { LoadConnection } from '../load/load-connection.ts';
import { dropExpired } from './drop-expired.ts';
import { type ExpiredEvents, findExpired } from './find-expired.ts';

/** Arbitrary but fixed: «sluiceret» without its l, as ASCII. */
const RETENTION_LOCK = 0x7375696365726574n;
/** A day of events expires at once; what is loaded too late is looked for so often. */
const PASS_MS = 3_600_000;
/** After a pass that did not get to its end: another replica is at it, a file was being undone, the database was away. */
const AGAIN_MS = 60_000;
/** A step takes less than a second, and a search about as long for some million events: ADR 0014. */
const SEARCHED = 100_000;
const PER_STEP = 10_000;
/** While files are being loaded it rests three times as long as it works. */
const REST_SHARE = 3;
/** Else as long as it works: who builds on a file of a step does not wait for it, but comes again, and must find it free then. */
const PAUSE_SHARE = 1;
/** A step that does not get the totals by then gives way, and lets go of the files that it holds. */
const LOCK_TIMEOUT = '2s';

export interface RetentionOptions {
  readonly connectionString: string;
  readonly days: number;
  readonly log: Logger;
  /** whether rows are being loaded, beside which it rests */
  readonly isLoading: () => boolean;
  /** of a search and of a step; smaller ones let a test see what is between them */
  readonly searched?: number;
  readonly perStep?: number;
}

/**
 * Drops events that are older than so many days, at the start and every hour, in steps, each a transaction of its own: killed in the middle,
 * it has dropped and counted what it had committed. Any number of replicas have one; only who gets the lock works.
 */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #connection: LoadConnection;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #isFailing = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#connection = new LoadConnection(options.connectionString, 'sluice-retention');
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Rolls back the step that is under way. */
  async close(): Promise<void> {
    this.#stopping.abort();
    this.#connection.discard();
    await this.#running;
  }

  /** Drops all that has expired. Answers with whether that is so, or something was left for later. */
  async pass(): Promise<boolean> {
    const dropped = { events: 0, olderThan: '' };
    try {
      const isDone = await this.#dropAll(dropped);
      this.#isFailing = false;
      return isDone;
    } catch (error) {
      this.#failed(error);
      return false;
    } finally {
      this.#connection.discard();
      if (dropped.events > 0) this.#options.log.info(dropped, 'events were dropped, being older than RETENTION_DAYS');
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const waitMs = (await this.pass()) ? PASS_MS : AGAIN_MS;
      await delay(waitMs, undefined, { signal }).catch(() => {});
    }
  }

  async #dropAll(dropped: { events: number; olderThan: string }): Promise<boolean> {
    const { days, searched = SEARCHED, perStep = PER_STEP } = this.#options;
    for (;;) {
      const found = await this.#alone((transaction) => findExpired(transaction, { days, searched, perStep }));
      if (found === undefined) return false;
      dropped.olderThan = found.before;
      const before = dropped.events;
      for (const places of found.steps) {
        const step = await this.#step(found, places);
        if (step === undefined) return false;
        dropped.events += step;
      }
      const events = dropped.events - before;
      if (found.count < searched) return events === found.count;
      // All of them belong to files that somebody holds: the next search would find the same.
      if (events === 0) return false;
    }
  }

  async #step({ before }: ExpiredEvents, places: string): Promise<number | undefined> {
    const begin = performance.now();
    const events = await this.#alone((transaction) => dropExpired(transaction, { before, places }));
    const end = performance.now();
    const share = this.#options.isLoading() ? REST_SHARE : PAUSE_SHARE;
    this.#connection.rest();
    await delay((end - begin) * share, undefined, { signal: this.#stopping.signal }).catch(() => {});
    return events;
  }

  /** Undefined where another replica is at it, or this one is to stop. */
  async #alone<Result>(work: (transaction: Queryable) => Promise<Result>): Promise<Result | undefined> {
    const { signal } = this.#stopping;
    if (signal.aborted) return undefined;
    return await inTransaction(await this.#connection.database(), async (transaction) => {
      // A stop that came while the connection was made had none to close.
      if (signal.aborted) return undefined;
      // What is set for the role or database must not cut it; and frozen in the middle, it must not keep files and totals locked.
      await transaction.execute(sql`
        select set_config(name, case name when 'lock_timeout' then ${LOCK_TIMEOUT}
                                          when 'idle_in_transaction_session_timeout' then '10s' else '0' end, true)
          from pg_settings
         where name in ('statement_timeout', 'transaction_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout')`);
      const { rows } = await transaction.execute<{ locked: boolean }>(
        sql`select pg_try_advisory_xact_lock(${RETENTION_LOCK}) as locked`,
      );
      return rows[0]?.locked === true ? await work(transaction) : undefined;
    });
  }

  /** Nothing is lost, and it is tried again: told once for each outage. */
  #failed(error: unknown): void {
    if (this.#stopping.signal.aborted || isLockTimeout(error) || isDeadlock(error)) return;
    if (!this.#isFailing)
      this.#options.log.warn({ error: rootMessage(error) }, 'expired events can not be dropped now');
    this.#isFailing = true;
  }
}
