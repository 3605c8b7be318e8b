import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';

export const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../drizzle', import.meta.url));
const OLDEST_SERVER = 140_000;
/** Arbitrary but fixed: «sluice» as ASCII. */
const MIGRATION_LOCK = 0x736c75696365n;

export class UnsupportedServerError extends Error {
  readonly code = 'unsupported_server';
}

/**
 * Brings the database to the schema of this version. Any number of replicas may call it at once: drizzle's migrator
 * takes no lock of its own (drizzle-orm #874), so it runs within a transaction that holds an advisory lock. One
 * connection does both, so that a pooler which has only one can't block it. `signal` ends it; nothing is changed then.
 * @throws UnsupportedServerError for a server older than PostgreSQL 14 or a database of another encoding than UTF8
 */
export async function migrateDatabase(connectionString: string, signal?: AbortSignal): Promise<void> {
  const client = new pg.Client({
    connectionString,
    application_name: 'sluice-migrate',
    connectionTimeoutMillis: 5000,
    keepAlive: true,
  });
  client.on('error', () => {}); // the running query rejects with the same error
  await client.connect();
  // With a query under way this closes the socket at once, and the server rolls back.
  const interrupt = () => void client.end();
  signal?.addEventListener('abort', interrupt);
  try {
    signal?.throwIfAborted();
    await assertSupported(client);
    // By name, whatever is set for the role: an older snapshot would not show what the last holder of the lock did.
    await client.query('begin isolation level read committed');
    await client.query(
      "set local lock_timeout = 0; set local statement_timeout = '120s'; set local idle_in_transaction_session_timeout = 0",
    );
    await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await client.query('set local statement_timeout = 0');
    // Its own BEGIN is no more than a warning in here, and its COMMIT ends this transaction and the lock with it.
    await migrate(drizzle(client), { migrationsFolder: MIGRATIONS_FOLDER });
  } finally {
    signal?.removeEventListener('abort', interrupt);
    await client.end();
  }
}

async function assertSupported(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ number: number; version: string; encoding: string }>(
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as version,
            current_setting('server_encoding') as encoding`,
  );
  const server = rows[0];
  if (server === undefined) return;
  if (server.number < OLDEST_SERVER)
    throw new UnsupportedServerError(`PostgreSQL ${server.version} is too old: Sluice needs version 14 or newer`);
  // In any other one, a single name in another script would fail its whole file.
  if (server.encoding !== 'UTF8')
    throw new UnsupportedServerError(
      `the encoding of the database is ${server.encoding}: Sluice needs one made with encoding 'UTF8'`,
    );
}
