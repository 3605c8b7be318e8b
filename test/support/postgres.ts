import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

export interface TestDatabase {
  readonly connectionString: string;
  /** one query on a connection of its own */
  query<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

/** A database of its own on the server that the whole run shares: migrated, or empty. */
export async function createTestDatabase(
  options: { readonly migrated?: boolean; readonly encoding?: string } = {},
): Promise<TestDatabase> {
  return await createDatabaseOn(inject('postgresUrl'), options);
}

/** The same on a server of the test's own; where it is to be migrated, that must have a `sluice_template`. */
export async function createDatabaseOn(
  server: string,
  options: { readonly migrated?: boolean; readonly encoding?: string } = {},
): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const template = options.migrated === false ? 'template0' : 'sluice_template';
  // A locale that goes with every encoding.
  const encoding = options.encoding === undefined ? '' : `encoding '${options.encoding}' locale 'C'`;
  await withClient(server, (client) => client.query(`create database ${name} template ${template} ${encoding}`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  const connectionString = url.href;
  return {
    connectionString,
    query: (sql, values = []) =>
      withClient(connectionString, async (client) => (await client.query(sql, [...values])).rows),
    // FORCE ends the sessions of processes that a test has killed.
    drop: async () => {
      await withClient(server, (client) => client.query(`drop database if exists ${name} with (force)`));
    },
  };
}

export async function withClient<Result>(
  connectionString: string,
  use: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString });
  // A test that kills the server kills this session too: what it asked rejects, and that is enough.
  client.on('error', () => {});
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

declare module 'vitest' {
  interface ProvidedContext {
    /** superuser URL of the shared test server */
    postgresUrl: string;
  }
}
