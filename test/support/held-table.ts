import pg from 'pg';
import { eventually } from './eventually.ts';
import type { TestDatabase } from './postgres.ts';

/** Holds whoever writes to a table, or needs a row, in front of that statement. */
export class HeldTable {
  readonly #database: TestDatabase;
  readonly #client: pg.Client;

  private constructor(database: TestDatabase, client: pg.Client) {
    this.#database = database;
    this.#client = client;
  }

  static async hold(database: TestDatabase, table: string): Promise<HeldTable> {
    return await HeldTable.holdRow(database, `lock table ${table} in share mode`);
  }

  /** `sql`: a statement that locks what is to be held. */
  static async holdRow(database: TestDatabase, sql: string): Promise<HeldTable> {
    const client = new pg.Client({ connectionString: database.connectionString, application_name: 'test-hold' });
    // A test that fails drops the database under it.
    client.on('error', () => {});
    await client.connect();
    await client.query('begin');
    await client.query(sql);
    return new HeldTable(database, client);
  }

  /** Waits for a loader that is held. */
  async untilHeld(): Promise<void> {
    await eventually(async () => {
      const held = await this.#database.query(`
        select 1 from pg_stat_activity
         where datname = current_database() and application_name like 'sluice-loader%' and wait_event_type = 'Lock'`);
      if (held.length === 0) throw new Error('no loader is held');
    });
  }

  /** Keeps what the statement has done. */
  async commit(): Promise<void> {
    await this.#client.query('commit');
    await this.#client.end();
  }

  async release(): Promise<void> {
    await this.#client.end().catch(() => {});
  }
}
