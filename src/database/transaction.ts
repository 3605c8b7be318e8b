import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import type { Queryable } from './client.ts';
import { isDatabaseAway } from './database-error.ts';

/**
 * Runs `work` in a transaction: committed when it resolves, rolled back when it rejects. On a pool it sees to the
 * connection itself, since drizzle's own `transaction` does not give it back where BEGIN fails, as it does on a connection
 * that the server has closed: a few restarts of the database would empty the pool for good.
 */
export async function inTransaction<Result>(
  database: Queryable,
  work: (transaction: Queryable) => Promise<Result>,
): Promise<Result> {
  const pool = '$client' in database ? database.$client : undefined;
  if (!(pool instanceof pg.Pool)) return await database.transaction(work);
  const client = await pool.connect();
  try {
    await client.query('begin');
    const result = await work(drizzle(client));
    await client.query('commit');
    client.release();
    return result;
  } catch (error) {
    // Over a connection that is lost, or silent, ROLLBACK would only wait for its time to be over, too.
    const isRolledBack =
      !isDatabaseAway(error) &&
      (await client.query('rollback').then(
        () => true,
        () => false,
      ));
    // A connection in an unknown state must not be used again.
    client.release(!isRolledBack);
    throw error;
  }
}
