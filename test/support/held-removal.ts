import pg from 'pg';
import { eventually } from './eventually.ts';
import type { TestDatabase } from './postgres.ts';

/** Holds the removal of a file's rows in its middle, by a lock on one of the rows. */
export class HeldRemoval {
  readonly #database: TestDatabase;
  readonly #client: pg.Client;

  private constructor(database: TestDatabase, client: pg.Client) {
    this.#database = database;
    this.#client = client;
  }

  static async of(database: TestDatabase, fileId: number): Promise<HeldRemoval> {
    const client = new pg.Client({ connectionString: database.connectionString, application_name: 'test-hold' });
    // A test that fails drops the database under it.
    client.on('error', () => {});
    await client.connect();
    await client.query('begin');
    await client.query('select 1 from user_events where file_id = $1 order by line_number desc limit 1 for update', [
      fileId,
    ]);
    return new HeldRemoval(database, client);
  }

  async untilHeld(): Promise<void> {
    await untilRemovalIsHeld(this.#database);
  }

  async release(): Promise<void> {
    await this.#client.end().catch(() => {});
  }
}

/** Waits until `count` removals of rows wait for a lock. */
export async function untilRemovalIsHeld(database: TestDatabase, count = 1): Promise<void> {
  await eventually(async () => {
    const held = await database.query(`
      select 1 from pg_stat_activity
       where datname = current_database() and application_name = 'sluice-removal' and wait_event_type = 'Lock'`);
    if (held.length < count) throw new Error(`${held.length} removals are held`);
  });
}
