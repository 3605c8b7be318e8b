import type pg from 'pg';
import { eventually } from './eventually.ts';
import { type TestDatabase, withClient } from './postgres.ts';

/** A row of `source_files` as tests look at it. */
export interface LedgerRow {
  readonly id: number;
  readonly name: string;
  readonly origin: string;
  readonly status: 'queued' | 'loading' | 'loaded' | 'failed' | 'duplicate' | 'held' | 'reverted';
  readonly read: number;
  readonly loaded: number;
  readonly rejected: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly bytesCommitted: number;
  readonly sizeBytes: number;
  readonly attempts: number;
  readonly failures: number;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly duplicateOf: number | null;
  readonly follows: number | null;
}

const LEDGER = `
  select file_id::int as id, name, origin, status, rows_read::int as read, rows_loaded::int as loaded,
         rows_rejected::int as rejected, rejects_by_reason as reasons, bytes_committed::int as "bytesCommitted",
         size_bytes::int as "sizeBytes", attempts, failures, error_code as "errorCode", error_message as "errorMessage",
         duplicate_of::int as "duplicateOf", follows::int as follows
    from source_files`;

/** All ledger rows, oldest first. */
export async function ledgerRows(database: TestDatabase): Promise<LedgerRow[]> {
  return await database.query<LedgerRow>(`${LEDGER} order by file_id`);
}

/** Waits until the ledger has exactly `count` rows and each has reached its end. */
export async function settledRows(database: TestDatabase, count: number, timeoutMs?: number): Promise<LedgerRow[]> {
  await whileConnected(database, timeoutMs, async (client) => {
    const [ledger] = await select<{ rows: number; open: number; shown: string | null }>(
      client,
      `select count(*)::int as rows, count(*) filter (where status in ('queued', 'loading'))::int as open,
              string_agg(file_id || ' ' || name || ' ' || rows_read || ' ' || attempts, ' · ')
                filter (where status in ('queued', 'loading')) as shown
         from source_files`,
    );
    if (ledger?.rows === count && ledger.open === 0) return;
    const open = `${ledger?.open} of them open: ${ledger?.shown?.slice(0, 500)}`;
    throw new Error(`${ledger?.rows} files of ${count} are in the ledger, ${open}`);
  });
  return await ledgerRows(database);
}

/** Waits until a file name has exactly `versions` ledger rows and each has reached its end; answers with them, oldest first. */
export async function settledVersions(
  database: TestDatabase,
  name: string,
  versions: number,
  timeoutMs?: number,
): Promise<LedgerRow[]> {
  return await whileConnected(database, timeoutMs, async (client) => {
    const rows = await select<LedgerRow>(client, `${LEDGER} where name = $1 order by file_id`, [name]);
    const isSettled = rows.every(({ status }) => status !== 'queued' && status !== 'loading');
    if (rows.length === versions && isSettled) return rows;
    const shown = rows.map(({ id, status, read, errorMessage }) => `${id} ${status} ${read} ${errorMessage ?? ''}`);
    throw new Error(`${name} has not ${versions} settled versions but: ${shown.join(' · ')}`);
  });
}

/** The one version of a file, once it has reached its end. */
export async function settledFile(database: TestDatabase, name: string, timeoutMs?: number): Promise<LedgerRow> {
  const [row] = await settledVersions(database, name, 1, timeoutMs);
  if (row === undefined) throw new TypeError('one version was asked for and none returned');
  return row;
}

/** Asks again and again over one connection: one for each question would take half a core from what is waited for. */
async function whileConnected<Result>(
  database: TestDatabase,
  timeoutMs: number | undefined,
  attempt: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  return await withClient(database.connectionString, (client) => eventually(() => attempt(client), timeoutMs));
}

async function select<Row extends pg.QueryResultRow>(
  client: pg.Client,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  return (await client.query<Row>(sql, [...values])).rows;
}
