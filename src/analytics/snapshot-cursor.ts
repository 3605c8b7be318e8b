import { type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import type pg from 'pg';

const ROWS = 1000;
/**
 * The server ends a statement that takes longer, and a transaction of which nobody has asked anything for so long. A cursor is planned
 * as if a tenth of its rows were wanted; of less, it walks along an index, instead of sorting them all before the first one comes.
 */
const BEGIN = `
  begin isolation level repeatable read read only;
  set local statement_timeout = '15s';
  set local idle_in_transaction_session_timeout = '5min';
  set local cursor_tuple_fraction = 0.01`;

/** The rows of one statement, some at a time, all of one snapshot. Holds its connection until it is closed. */
export class SnapshotCursor {
  readonly #client: pg.PoolClient;
  readonly #onClosed: () => void;
  #isClosed = false;

  /** @param onClosed called once, when the connection has been given back */
  constructor(client: pg.PoolClient, onClosed: () => void) {
    this.#client = client;
    this.#onClosed = onClosed;
  }

  /** Takes the snapshot. */
  async declare(select: SQLWrapper): Promise<void> {
    await this.#client.query(BEGIN);
    await this.#execute(sql`declare whole_list no scroll cursor for ${select}`);
  }

  /** The next rows, by the names of their columns, every value as text or null; none at the end. With the last ones it is closed. */
  async next(): Promise<Record<string, unknown>[]> {
    if (this.#isClosed) return [];
    const rows = await this.#execute(sql.raw(`fetch ${ROWS} from whole_list`));
    if (rows.length < ROWS) {
      await this.#client.query('commit');
      this.#release(false);
    }
    return rows;
  }

  /** Gives the connection back at once, also while rows are being fetched, which then fails. */
  close(): void {
    // Closed rather than rolled back: a statement that is under way would have to be waited for.
    this.#release(true);
  }

  #release(isBroken: boolean): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#client.release(isBroken);
    this.#onClosed();
  }

  async #execute(statement: SQL): Promise<Record<string, unknown>[]> {
    return (await drizzle(this.#client).execute(statement)).rows;
  }
}
