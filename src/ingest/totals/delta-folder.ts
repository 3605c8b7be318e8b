import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Database } from '../../database/client.ts';
import { inTransaction } from '../../database/transaction.ts';
import { rootMessage } from '../../error-code.ts';
import { tryLockTotals } from './add-to-totals.ts';
import { foldDeltas } from './fold-deltas.ts';

/** Rows of deltas in one step: at most 32,768 users, below a second of work, and usually a tenth of that. */
const STEP = { userRows: 8, dayRows: 64 } as const;
/** What other replicas and commands leave behind is looked for so often. */
const LOOK_MS = 1000;
/** While files are being loaded it rests three times as long as it works: it must not take the processor from them. */
const REST_SHARE = 3;
/** Whoever has told of a load within this time is still at it. */
const LOADING_MS = 500;

export interface DeltaFolderOptions {
  readonly database: Database;
  readonly log: Logger;
}

/**
 * Folds deltas into the totals in the background, step by step, each a transaction of its own: killed in the middle, it has folded what
 * it had committed, and nothing twice. Any number of replicas have one; only who gets the lock works.
 */
export class DeltaFolder {
  readonly #options: DeltaFolderOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #loadingUntil = 0;
  #hasNews = false;
  #wake = () => {};
  #isFailing = false;

  constructor(options: DeltaFolderOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Rows are being loaded. */
  loading(): void {
    this.#loadingUntil = performance.now() + LOADING_MS;
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
      else if (performance.now() < this.#loadingUntil) {
        await delay(took * REST_SHARE, undefined, { signal }).catch(() => {});
      }
    }
  }

  async #step(): Promise<number> {
    const { database, log } = this.#options;
    try {
      const folded = await inTransaction(database, async (transaction) =>
        (await tryLockTotals(transaction)) ? await foldDeltas(transaction, STEP) : 0,
      );
      this.#isFailing = false;
      return folded;
    } catch (error) {
      // The views are right with deltas, too, only slower: told once for each outage.
      if (!this.#isFailing) log.warn({ error: rootMessage(error) }, 'deltas of the analytics can not be folded now');
      this.#isFailing = true;
      return 0;
    }
  }

  async #untilNews(): Promise<void> {
    if (this.#hasNews) return;
    const waiting = new AbortController();
    this.#wake = () => waiting.abort();
    const signal = AbortSignal.any([waiting.signal, this.#stopping.signal]);
    await delay(LOOK_MS, undefined, { signal }).catch(() => {});
  }
}
