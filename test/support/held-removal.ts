import { eventually } from './eventually.ts';
import { HeldTable } from './held-table.ts';
import type { TestDatabase } from './postgres.ts';

/** Holds the removal of a file's rows in its middle, by a lock on one of the rows. */
export class HeldRemoval {
  readonly #database: TestDatabase;
  readonly #hold: HeldTable;

  private constructor(database: TestDatabase, hold: HeldTable) {
    this.#database = database;
    this.#hold = hold;
  }

  static async of(database: TestDatabase, fileId: number): Promise<HeldRemoval> {
    const lastRow = `select 1 from user_events where file_id = ${fileId} order by line_number desc limit 1 for update`;
    return new HeldRemoval(database, await HeldTable.holdRow(database, lastRow));
  }

  async untilHeld(): Promise<void> {
    await untilRemovalIsHeld(this.#database);
  }

  async release(): Promise<void> {
    await this.#hold.release();
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
