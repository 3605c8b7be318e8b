import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Database } from '../../database/client.ts';
import { inTransaction } from '../../database/transaction.ts';
import { rootMessage } from '../../error-code.ts';
import { tryLockTotals } from './add-to-totals.ts';
import { foldDeltas } from './fold-deltas.ts';

/** Users, and customers of days, in one step: half a second of work, or a few seconds where the disk is slow. */
const STEP_ENTRIES = 16_384;
/** A step that has failed may have been too long for the time that a query has. */
const LEAST_STEP_ENTRIES = 256;
/** What other replicas and commands leave behind is looked for so often. */
const LOOK_MS = 1000;
/** While files are being loaded it rests three times as long as it works: it must not take the processor from them. */
const REST_SHARE = 3;

export interface DeltaFolderOptions {
  readonly database: Database;
  readonly log: Logger;
  /** whether rows are being loaded, beside which it rests */
  readonly isLoading: () => boolean;
}

/**
 * Folds deltas into the totals in the background, step by step, each a transaction of its own: killed in the middle, it has folded what
 * it had committed, and nothing twice. Any number of replicas have one; only who gets the lock works.
 */
export class DeltaFolder {
  readonly #options: DeltaFolderOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #hasNews = false;
  #wake = () => {};
  #isFailing = false;
  #stepEntries = STEP_ENTRIES;

  constructor(options: DeltaFolderOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Something was committed, so there may be deltas. */
  committed(): void {
    this.#hasNews = true;
    this.#wake();
  }

  /** Folds what there is, for at most so long: for a command that is the last one to do so for a while. */
  async drain(withinMs: number): Promise<void> {
    const end = performance.now() + withinMs;
    while (performance.now() < end && !this.#stopping.signal.aborted && (await this.#step()) > 0);
  }

  /** Ends after the step that is under way. */
  async close(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#hasNews = false;
      const begin = performance.now();
      const folded = await this.#step();
      const took = performance.now() - begin;
      if (folded === 0) await this.#untilNews();
      else if (this.#options.isLoading()) {
        await delay(took * REST_SHARE, undefined, { signal }).catch(() => {});
      }
    }
  }

  async #step(): Promise<number> {
    const { database, log } = this.#options;
    try {
      const folded = await inTransaction(database, async (transaction) =>
        (await tryLockTotals(transaction)) ? await foldDeltas(transaction, this.#stepEntries) : 0,
      );
      this.#isFailing = false;
      this.#stepEntries = Math.min(STEP_ENTRIES, this.#stepEntries * 2);
      return folded;
    } catch (error) {
      // The views are right with deltas, too, only slower: told once for each outage.
      if (!this.#isFailing) log.warn({ error: rootMessage(error) }, 'deltas of the analytics can not be folded now');
      this.#isFailing = true;
      this.#stepEntries = Math.max(LEAST_STEP_ENTRIES, this.#stepEntries / 2);
      return 0;
    }
  }

  async #untilNews(): Promise<void> {
    if (this.#hasNews || this.#stopping.signal.aborted) return;
    const waiting = new AbortController();
    this.#wake = () => waiting.abort();
    await delay(LOOK_MS, undefined, { signal: waiting.signal }).catch(() => {});
  }
}
