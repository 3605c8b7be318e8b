import { isDeepStrictEqual } from 'node:util';
import { and, asc, gt, sql } from 'drizzle-orm';
import type { Queryable } from '../database/client.ts';
import { type FileStatus, type SourceFileRow, sourceFiles } from '../database/schema.ts';
import type { FileEvents, LoadProgress } from '../ingest/file-events.ts';
import { type LedgerStats, readStats } from './stats.ts';

const TICK_MS = 1000;
/** A transaction may become visible some time after the change time that it wrote, so each look overlaps the one before. */
const OVERLAP = sql`interval '10 seconds'`;
/** Few enough that a page can be told at once to listeners that are bounded in what they leave unread. */
const PAGE_FILES = 500;
/** Longer than the overlap, on a clock that may differ from the database's. */
const REMEMBER_MS = 30_000;

export interface LiveListener {
  file(file: SourceFileRow): void;
  /** only of files that this process loads; of each a few a second at most */
  progress(progress: LoadProgress): void;
  stats(stats: LedgerStats): void;
}

/**
 * Tells listeners about every change of a file, and each second about the totals while something changes. Changes
 * made by this process come at once; those of other replicas are read from the ledger once a second, and only while
 * somebody listens.
 */
export class LiveFeed {
  readonly #database: Queryable;
  readonly #listeners = new Set<LiveListener>();
  /** since when those are there whom no look has told yet what others heard just before: it may have changed behind what they had read */
  readonly #newcomers = new Map<LiveListener, number>();
  /** the latest change told of each file, so that the overlap repeats nothing and a late reading takes nothing back */
  readonly #told = new Map<number, { readonly changedAt: number; readonly status: FileStatus; readonly at: number }>();
  readonly #unsubscribe: readonly (() => void)[];
  #lastStats: LedgerStats | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ticking = false;

  constructor(options: { readonly database: Queryable; readonly events: FileEvents }) {
    this.#database = options.database;
    this.#unsubscribe = [
      options.events.onFile((file) => this.#tell(file)),
      options.events.onProgress((progress) => this.#tellProgress(progress)),
    ];
  }

  /** Returns the function that ends the subscription. */
  subscribe(listener: LiveListener): () => void {
    this.#listeners.add(listener);
    this.#newcomers.set(listener, performance.now());
    this.#timer ??= setInterval(() => void this.#tick(), TICK_MS);
    if (this.#lastStats !== undefined) listener.stats(this.#lastStats);
    return () => {
      this.#listeners.delete(listener);
      this.#newcomers.delete(listener);
      if (this.#listeners.size === 0) this.#stopTicking();
    };
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#listeners.clear();
    this.#newcomers.clear();
    this.#stopTicking();
  }

  #stopTicking(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#lastStats = undefined;
    this.#told.clear();
  }

  #tell(file: SourceFileRow, lookedAt = Number.NEGATIVE_INFINITY): void {
    if (this.#listeners.size === 0) return;
    const changedAt = file.updatedAt.getTime();
    const told = this.#told.get(file.fileId);
    if (told !== undefined && changedAt < told.changedAt) return;
    // Two changes can fall into one millisecond, which is all that a Date keeps.
    if (told !== undefined && changedAt === told.changedAt && file.status === told.status) {
      for (const [listener, since] of this.#newcomers) if (told.at < since && since <= lookedAt) listener.file(file);
      return;
    }
    this.#told.set(file.fileId, { changedAt, status: file.status, at: performance.now() });
    for (const listener of this.#listeners) listener.file(file);
  }

  #tellProgress(progress: LoadProgress): void {
    const told = this.#told.get(progress.fileId);
    // It comes from the thread by a way of its own, and may arrive behind the end of the load.
    if (told !== undefined && told.status !== 'loading') return;
    for (const listener of this.#listeners) listener.progress(progress);
  }

  async #tick(): Promise<void> {
    if (this.#ticking) return;
    this.#ticking = true;
    try {
      await this.#tellRemoteChanges();
      const stats = await readStats(this.#database);
      if (!isDeepStrictEqual(withoutAges(stats), this.#lastStats && withoutAges(this.#lastStats))) {
        for (const listener of this.#listeners) listener.stats(stats);
      }
      this.#lastStats = stats;
    } catch {
      // The database is away; health says so, and the next tick tries again.
    } finally {
      this.#ticking = false;
    }
  }

  async #tellRemoteChanges(): Promise<void> {
    const { updatedAt, fileId } = sourceFiles;
    // As text, since a Date would cut the microseconds off, and the rest of a page of equal times with them.
    const changedAt = sql<string>`${updatedAt}::text`;
    const lookedAt = performance.now();
    let after: { readonly changedAt: string; readonly fileId: number } | undefined;
    do {
      const page = await this.#database
        .select({ file: sourceFiles, changedAt })
        .from(sourceFiles)
        .where(
          and(
            gt(updatedAt, sql`clock_timestamp() - ${OVERLAP}`),
            after && sql`(${updatedAt}, ${fileId}) > (${after.changedAt}::timestamptz, ${after.fileId})`,
          ),
        )
        .orderBy(asc(updatedAt), asc(fileId))
        .limit(PAGE_FILES);
      for (const { file } of page) this.#tell(file, lookedAt);
      const last = page.at(-1);
      after =
        page.length < PAGE_FILES || last === undefined
          ? undefined
          : { changedAt: last.changedAt, fileId: last.file.fileId };
    } while (after !== undefined && this.#listeners.size > 0);
    for (const [listener, since] of this.#newcomers) if (since <= lookedAt) this.#newcomers.delete(listener);
    const old = performance.now() - REMEMBER_MS;
    for (const [id, { at }] of this.#told) if (at < old) this.#told.delete(id);
  }
}

/** The age of the oldest waiting file grows by itself; that alone is no change worth telling. */
function withoutAges(stats: LedgerStats) {
  return { ...stats, lag: stats.lag.queuedFiles };
}
