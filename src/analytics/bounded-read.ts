import { drizzle } from 'drizzle-orm/node-postgres';
import type { Database, Queryable } from '../database/client.ts';

/** Below the time after which a connection gives a query up: the server has to end it, or it would go on computing. */
const STATEMENT_TIMEOUT_MS = 15_000;

/**
 * Runs a read of the events in a transaction that can change nothing and that the server ends after 15 s a statement,
 * whether or not somebody still waits for it.
 */
export async function boundedRead<Result>(
  database: Database,
  read: (connection: Queryable) => Promise<Result>,
): Promise<Result> {
  const client = await database.$client.connect();
  try {
    await client.query(`begin read only; set local statement_timeout = ${STATEMENT_TIMEOUT_MS}`);
    const result = await read(drizzle(client));
    // Nobody has to wait for the end of what has changed nothing: beside busy loaders that is a third of the time of an answer.
    client.query('commit').then(
      () => client.release(),
      () => client.release(true),
    );
    return result;
  } catch (error) {
    // Closed rather than rolled back: a query may still be under way on it, for which the next one would wait.
    client.release(true);
    throw error;
  }
}
