import { expect } from 'vitest';
import type { ExpectedFile } from './expected-events.ts';
import { type TestDatabase, withClient } from './postgres.ts';
import { viewDifferences } from './recomputed-views.ts';

const SHOWN = 5;

/** Rows, as arrays of their columns, of which one side has more than the other. */
export interface Differences {
  readonly missingEvents: readonly unknown[][];
  readonly surplusEvents: readonly unknown[][];
  readonly missingRejects: readonly unknown[][];
  readonly surplusRejects: readonly unknown[][];
}

/**
 * I1, I2 and I3 in one look: the tables hold exactly the expected rows and rejects, each once and on its line, and every
 * ledger row counts exactly what they hold. `byName: false` where it is open under which of its names a content is loaded.
 */
export async function expectExactly(
  database: TestDatabase,
  files: readonly ExpectedFile[],
  options: { readonly byName?: boolean } = {},
): Promise<void> {
  const differences = await differencesFrom(database, files, options);
  expect(differences).toEqual({ missingEvents: [], surplusEvents: [], missingRejects: [], surplusRejects: [] });
  await expectAccounting(database);
}

/** Expected EXCEPT ALL loaded, both ways, at most `limit` rows of each. */
export async function differencesFrom(
  database: Pick<TestDatabase, 'connectionString'>,
  files: readonly ExpectedFile[],
  { byName = true, limit = SHOWN }: { readonly byName?: boolean; readonly limit?: number } = {},
): Promise<Differences> {
  return await withClient(database.connectionString, async (client) => {
    await client.query(`
      create temp table expected_events (name text, line bigint, user_id text, event_type text, at text,
        product_id text, product_name text, price text, session_id text);
      create temp table expected_rejects (name text, line bigint, reason text, column_name text)`);
    for (const file of files) {
      const name = byName ? file.name : '';
      const column = (key: keyof ExpectedFile['events'][number]) => file.events.map((event) => event[key]);
      await client.query(
        `insert into expected_events select $1, * from unnest($2::bigint[], $3::text[], $4::text[], $5::text[],
           $6::text[], $7::text[], $8::text[], $9::text[])`,
        [
          name,
          column('line'),
          column('userId'),
          column('eventType'),
          column('at'),
          column('productId'),
          column('productName'),
          column('price'),
          column('sessionId'),
        ],
      );
      await client.query(
        'insert into expected_rejects select $1, * from unnest($2::bigint[], $3::text[], $4::text[])',
        [
          name,
          file.rejects.map(({ line }) => line),
          file.rejects.map(({ reason }) => reason),
          file.rejects.map(({ column: name }) => name),
        ],
      );
    }
    const loaded = `
      select ${byName ? 'f.name' : "''::text"}, e.line_number, e.user_id::text, e.event_type::text,
             to_char(e.event_timestamp at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), e.product_id::text,
             e.product_name::text, e.product_price::text, e.session_id::text
        from user_events e left join source_files f using (file_id)`;
    const rejected = `
      select ${byName ? 'f.name' : "''::text"}, r.line_number, r.reason, r.column_name
        from rejected_rows r left join source_files f using (file_id)`;
    const except = async (left: string, right: string) =>
      (await client.query({ text: `(${left}) except all (${right}) limit ${limit}`, rowMode: 'array' })).rows;
    return {
      missingEvents: await except('table expected_events', loaded),
      surplusEvents: await except(loaded, 'table expected_events'),
      missingRejects: await except('table expected_rejects', rejected),
      surplusRejects: await except(rejected, 'table expected_rejects'),
    };
  });
}

/**
 * I2: what every ledger row counts is what the tables hold for it, in one snapshot; nothing belongs to no file. And the views show
 * what the events say.
 */
export async function expectAccounting(database: TestDatabase): Promise<void> {
  const wrong = await database.query(`
    with events as (select file_id, count(*) as n from user_events group by file_id),
         reasons as (select file_id, reason, count(*) as n from rejected_rows group by file_id, reason),
         rejects as (select file_id, sum(n) as n, jsonb_object_agg(reason, n) as by_reason from reasons group by file_id)
    select coalesce(f.file_id, e.file_id, r.file_id) as file_id, f.name, f.status, f.rows_read, f.rows_loaded, f.rows_expired,
           f.rows_rejected, f.rejects_by_reason, e.n as events, r.n as rejects, r.by_reason
      from source_files f
      full join events e on e.file_id = f.file_id
      full join rejects r on r.file_id = coalesce(f.file_id, e.file_id)
     where f.file_id is null
        or f.rows_read <> f.rows_loaded + f.rows_rejected
        or f.rows_loaded <> coalesce(e.n, 0) + f.rows_expired
        or f.rows_rejected <> coalesce(r.n, 0)
        or f.rejects_by_reason <> coalesce(r.by_reason, '{}')
     limit ${SHOWN}`);
  expect(wrong).toEqual([]);
  expect(await viewDifferences(database)).toEqual([]);
}
