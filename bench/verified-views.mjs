import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { verifyDatabase } from '../dist/verify/verify-database.js';
import { WrongResultError } from './ledger.mjs';

/**
 * Has the product hold ledger and views against the events, as `npm run verify` does.
 * @throws WrongResultError
 */
export async function verifyViews(databaseUrl) {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'bench' });
  // A server that goes away is told by the query; unheard, the event would end this process.
  client.on('error', () => {});
  await client.connect();
  try {
    const { files, views } = await verifyDatabase(drizzle(client), () => {});
    const [difference] = [...files.groups, ...views.groups];
    if (difference !== undefined) {
      const { what, count, first } = difference;
      throw new WrongResultError(`${what}: ${count} differences, ${JSON.stringify(first[0])}`);
    }
  } finally {
    await client.end();
  }
}
