import type { TestDatabase } from './postgres.ts';

/** In the order in which the folder of the totals takes them, so that it is not met half way. */
const TABLES = [
  ...['user_deltas', 'purchase_day_deltas', 'user_totals', 'purchase_day_customers', 'purchase_day_totals'],
  ...['user_events', 'rejected_rows', 'corrected_rejects', 'source_files'],
];

/** Forgets every file and row, as in a new database, while nothing is being loaded. */
export async function emptyTables(database: Pick<TestDatabase, 'query'>): Promise<void> {
  await database.query(`truncate ${TABLES.join(', ')}`);
}
