import { performance } from 'node:perf_hooks';
import { and, eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import type { Queryable } from '../../database/client.ts';
import { type SourceFileRow, sourceFiles, userEvents } from '../../database/schema.ts';
import { type Claim, heldBy } from '../ledger/claim-files.ts';
import { keepLoaded } from '../ledger/keep-loaded.ts';
import { type CorrectionCommit, recordCorrections } from '../ledger/record-corrections.ts';
import { markLoaded, type SmallFileCommit } from '../ledger/small-files.ts';
import { type LoadedTail, takeBackTail } from '../ledger/take-back-tail.ts';
import { withdrawCorrections } from '../ledger/withdraw-corrections.ts';
import type { BatchTotals } from '../totals/batch-totals.ts';
import { addBatch, countBatch, leaveDeltas } from '../totals/count-batch.ts';
import { removeEvents, settleRemovals } from '../totals/remove-events.ts';
import { BinaryRows } from './binary-rows.ts';
import { CopyWriter } from './copy-writer.ts';
import type { LoadConnection } from './load-connection.ts';

const COPY_TABLE = {
  events:
    'COPY user_events (user_id, event_type, event_timestamp, product_id, product_name, product_price, session_id, file_id, line_number) FROM STDIN (FORMAT binary)',
  rejects:
    'COPY rejected_rows (file_id, line_number, reason, column_name, message, raw, raw_truncated, shape, root_file_id, root_line) FROM STDIN (FORMAT binary)',
} as const;

export type CopyTable = keyof typeof COPY_TABLE;

/**
 * Limits of our own instead of the role's or database's, which might cut a COPY that is in order; SET LOCAL ends with
 * the transaction, so nothing leaks through a connection pooler. A process that is frozen in the middle of a COPY or
 * between two statements must not keep its rows and the ledger row locked before the replica that takes over; the COPYs
 * of a load that is not frozen end with its commits, every few seconds, or as soon as a slow server has taken what was
 * under way. `transaction_timeout` is there from PostgreSQL 17
 * on, and would bound all of them together.
 */
const TRANSACTION_SETTINGS = `set local statement_timeout = '5min'; set local lock_timeout = '25s';
  set local idle_in_transaction_session_timeout = '10s';
  select set_config('transaction_timeout', '0', true) where current_setting('transaction_timeout', true) is not null`;

/** Another attempt has taken the file over; nothing of this one may be committed. */
export class ClaimLostError extends Error {
  readonly code = 'claim_lost';
}

/** The columns of the ledger row that a commit writes. */
export type LedgerUpdate = Partial<
  Omit<typeof sourceFiles.$inferInsert, 'fileId' | 'attempts' | 'finishedAt' | 'updatedAt'>
> & { readonly committedOffset: number };

/**
 * One transaction of a load: rows, rejects and ledger rows become visible together or not at all.
 * After an error the connection must be discarded, which rolls back.
 */
export class LoadTransaction {
  readonly #connection: LoadConnection;
  /** of this transaction: a connection that is lost in the middle must not be replaced, its rows are gone with it */
  #client: pg.Client | undefined;
  #copy: { readonly table: CopyTable; readonly writer: CopyWriter } | undefined;
  #begunAt = 0;
  /** rows of other files, or of earlier commits, were taken out: events, which the totals have to hear of, or only rejects */
  #hasRemoved = false;

  constructor(connection: LoadConnection) {
    this.#connection = connection;
  }

  /** Appends encoded rows. The tables may alternate, which costs a COPY statement at each change. */
  async write(table: CopyTable, rows: Buffer): Promise<void> {
    const client = await this.#begin();
    if (this.#copy?.table !== table) {
      await this.#endCopy();
      this.#connection.copyBegins();
      const takenBytes = () => this.#connection.copiedBytes(client);
      this.#copy = { table, writer: new CopyWriter(client, COPY_TABLE[table], takenBytes) };
      await this.#copy.writer.write(BinaryRows.header());
    }
    await this.#copy.writer.write(rows);
  }

  /**
   * Holds a file as loaded until the commit, behind whose rows these go on.
   * @throws RowsGoneError
   */
  async keepLoaded(file: Pick<SourceFileRow, 'fileId' | 'committedOffset'>): Promise<void> {
    const client = await this.#begin();
    await this.#endCopy();
    await keepLoaded(this.#connection.watched(client), file);
  }

  /** Ends the COPY that is under way, so that none lasts as long as a giant has rows. */
  async endCopy(): Promise<void> {
    await this.#endCopy();
  }

  /** Takes out what earlier commits of a file have loaded: it is held, although it had begun to load. */
  async removeEvents(fileId: number): Promise<void> {
    const client = await this.#begin();
    await this.#endCopy();
    const database = this.#connection.watched(client);
    // It lasts as long as there are rows: cut, it would be begun anew at each attempt.
    await client.query('set local statement_timeout = 0');
    await removeEvents(database, eq(userEvents.fileId, fileId));
    this.#hasRemoved = true;
    await withdrawCorrections(database, fileId);
  }

  /** Writes down what the rows so far add to the totals, where that is more than is kept in memory. */
  async leaveDeltas(totals: BatchTotals): Promise<void> {
    const client = await this.#begin();
    await this.#endCopy();
    await leaveDeltas(this.#connection.watched(client), totals);
  }

  /**
   * Takes back the last row of a loaded file, of which only a part had been written when it was loaded.
   * @throws ClaimLostError where another attempt has done so already
   */
  async takeBack(tail: LoadedTail): Promise<void> {
    const client = await this.#begin();
    await this.#endCopy();
    this.#hasRemoved = true;
    // The totals have to be up to date before that row can be taken from them, which lasts as long as there are deltas.
    await client.query('set local statement_timeout = 0');
    if (!(await takeBackTail(this.#connection.watched(client), tail))) {
      throw new ClaimLostError(`the last row of file ${tail.fileId} has been taken back by another attempt`);
    }
  }

  /**
   * Closes the rejects that the rows correct.
   * @throws where another file has corrected one of them, as `recordCorrections` does
   */
  async correct(corrections: CorrectionCommit): Promise<void> {
    const client = await this.#begin();
    await this.#endCopy();
    await recordCorrections(this.#connection.watched(client), corrections);
  }

  /**
   * Commits the rows together with the progress of the file and what they add to the totals.
   * @throws ClaimLostError where the ledger row is not at `expectedOffset` of this attempt any more
   */
  async commit(
    claim: Claim,
    expectedOffset: number,
    update: LedgerUpdate,
    totals: BatchTotals,
  ): Promise<SourceFileRow> {
    const client = await this.#begin();
    await this.#endCopy();
    const database: Queryable = drizzle(client);
    const [file] = await database
      .update(sourceFiles)
      .set({
        ...update,
        updatedAt: sql`clock_timestamp()`,
        ...(update.status === 'loaded' || update.status === 'held' ? { finishedAt: sql`clock_timestamp()` } : {}),
      })
      .where(and(heldBy(claim), eq(sourceFiles.committedOffset, expectedOffset)))
      .returning();
    if (file === undefined) throw new ClaimLostError(`another attempt has taken file ${claim.fileId} over`);
    await this.#count(client, totals);
    await client.query('commit');
    this.#client = undefined;
    return file;
  }

  /**
   * Commits the rows of small files together with the end of each of them and what they add to the totals.
   * @throws ClaimLostError where one of the ledger rows is not as its attempt left it
   */
  async commitAll(commits: readonly SmallFileCommit[], totals: BatchTotals): Promise<SourceFileRow[]> {
    const client = await this.#begin();
    await this.#endCopy();
    const files = await markLoaded(drizzle(client), commits);
    if (files.length !== commits.length) {
      throw new ClaimLostError(`other attempts have taken over ${commits.length - files.length} of the files`);
    }
    await this.#count(client, totals);
    await client.query('commit');
    this.#client = undefined;
    return files;
  }

  async #begin(): Promise<pg.Client> {
    if (this.#client !== undefined) return this.#client;
    const client = await this.#connection.client();
    await client.query(`begin; ${TRANSACTION_SETTINGS}`);
    this.#client = client;
    this.#begunAt = performance.now();
    this.#hasRemoved = false;
    return client;
  }

  /** The last thing before the commit: what it locks is locked for the shortest time, and nobody waits behind it for anything else. */
  async #count(client: pg.Client, totals: BatchTotals): Promise<void> {
    const database = this.#connection.watched(client);
    const isSettled = this.#hasRemoved && (await settleRemovals(database, () => addBatch(database, totals)));
    if (!isSettled) await countBatch(database, totals, performance.now() - this.#begunAt);
    totals.clear();
  }

  async #endCopy(): Promise<void> {
    if (this.#copy === undefined) return;
    await this.#copy.writer.write(BinaryRows.trailer());
    await this.#copy.writer.finish();
    this.#copy = undefined;
    this.#connection.copyEnds();
  }
}
