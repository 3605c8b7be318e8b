import pg from 'pg';
import { eventually } from './eventually.ts';
import type { TestDatabase } from './postgres.ts';

/** Conflicts with what a COPY into the table needs. */
const LOCK = 'lock table user_events in share mode';

/**
 * Holds every load of a database in front of its next COPY of events: what is committed stays, nothing more is committed.
 * A lock, so the loader itself is as in use, and the middle of a load is a place and not a matter of luck.
 */
export class HeldLoads {
  readonly #database: TestDatabase;
  readonly #client: pg.Client;

  private constructor(database: TestDatabase, client: pg.Client) {
    this.#database = database;
    this.#client = client;
  }

  static async hold(database: TestDatabase): Promise<HeldLoads> {
    const client = await openTransaction(database);
    await client.query(LOCK);
    return new HeldLoads(database, client);
  }

  /** Waits for a loader that is held, for so long at least; answers with the process id of its backend. */
  async untilHeld(forMs = 0): Promise<number> {
    return await eventually(async () => {
      const [row] = await this.#database.query<{ pid: number }>(
        `select pid from pg_stat_activity
          where datname = current_database() and application_name like 'sluice-loader%' and wait_event_type = 'Lock'
            and clock_timestamp() - query_start >= $1 * interval '1 ms'`,
        [forMs],
      );
      if (row === undefined) throw new Error('no loader is held');
      return row.pid;
    });
  }

  /** Lets the held loader commit once, and holds it again; this hold is over then. */
  async passOneCommit(): Promise<HeldLoads> {
    const next = await openTransaction(this.#database);
    // Locks are granted in the order of the queue: behind the loader that waits, and before its next COPY.
    const granted = next.query(LOCK);
    await eventually(async () => {
      const waiting = await this.#database.query(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query = $1`,
        [LOCK],
      );
      if (waiting.length === 0) throw new Error('the next hold does not wait yet');
    });
    await this.release();
    await granted;
    return new HeldLoads(this.#database, next);
  }

  async release(): Promise<void> {
    await this.#client.end().catch(() => {});
  }
}

async function openTransaction(database: TestDatabase): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.connectionString, application_name: 'test-hold' });
  // A test that fails drops the database under it.
  client.on('error', () => {});
  await client.connect();
  await client.query('begin');
  return client;
}
