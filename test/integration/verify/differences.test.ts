import { drizzle } from 'drizzle-orm/node-postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DifferenceGroup } from '../../../src/verify/difference.ts';
import { verifyFiles } from '../../../src/verify/verify-files.ts';
import { verifyViews } from '../../../src/verify/verify-views.ts';
import { eventually } from '../../support/eventually.ts';
import { revert, upload } from '../../support/file-calls.ts';
import { plainFile } from '../../support/plain-events.ts';
import { type TestDatabase, withClient } from '../../support/postgres.ts';
import { startTestService, type TestService } from '../../support/service.ts';
import { linesOf, verified } from '../../support/verified.ts';

let running: TestService;
let database: TestDatabase;

/** File 1 has 90 events and 10 rejects, all of one day; 2 is held, 3 was undone, 4 failed. */
beforeAll(async () => {
  running = await startTestService();
  database = running.database;
  await upload(running.url, 'one.csv', plainFile({ tag: 'one', to: 100, badEvery: 10 }));
  await upload(running.url, 'held.csv', plainFile({ tag: 'held', to: 10, badEvery: 2 }), '&maxRejectPercent=10');
  const { fileId } = await upload(running.url, 'undone.csv', plainFile({ tag: 'undone', to: 10 }));
  expect((await revert(running.url, fileId)).status).toBe(200);
  await upload(running.url, 'failed.csv', 'a,b\n');
  await eventually(async () => {
    const rows = await database.query('select 1 from user_deltas union all select 1 from purchase_day_deltas');
    expect(rows).toEqual([]);
  });
});

afterAll(() => running.close());

/** What is found after somebody has done this by SQL; nothing of it stays. */
async function groupsAfter(statements: string): Promise<DifferenceGroup[]> {
  return await withClient(database.connectionString, async (client) => {
    await client.query(`begin; ${statements}`);
    const connection = drizzle(client);
    const files = await verifyFiles(connection);
    const views = await verifyViews(connection);
    return [...files.groups, ...views.groups];
  });
}

const EVENT = `insert into user_events (user_id, event_type, event_timestamp, product_id, product_name, product_price, session_id, file_id, line_number)
  select user_id, event_type, event_timestamp, product_id, product_name, product_price, session_id,`;
const LINE_2 = 'from user_events where file_id = 1 and line_number = 2';
const without = (constraint: string) => `alter table source_files drop constraint ${constraint};`;

describe('verify finds', () => {
  it('nothing where files were loaded, held, undone and refused', async () => {
    expect(await verified(database)).toEqual([]);
  });

  it.each([
    [
      'an event that is gone',
      `delete ${LINE_2}`,
      [
        'rows in user_events | file 1 (one.csv) | 90 | 89',
        'user_activity_summary | user_id USER-0 | total_events 1, views 0',
      ],
    ],
    [
      'a line that is there twice',
      `${EVENT} 1, 2 ${LINE_2}`,
      [
        'rows in user_events | file 1 (one.csv) | 90 | 91',
        'times that a line is in user_events | file 1 (one.csv), line 2 | 1 | 2',
        'user_activity_summary | user_id USER-0 | total_events 3, views 2 | total_events 2, views 1',
      ],
    ],
    [
      'a line that is there twice in place of another one',
      `update user_events set line_number = 2 where file_id = 1 and line_number = 3`,
      ['times that a line is in user_events | file 1 (one.csv), line 2 | 1 | 2'],
    ],
    [
      'events and rejects of a file that is in no ledger',
      `${EVENT} 99, 2 ${LINE_2}; update rejected_rows set file_id = 98 where file_id = 1 and line_number = 11`,
      [
        'rows in rejected_rows of a file that the ledger does not have | file 98 | 0 | 1',
        'rows in user_events of a file that the ledger does not have | file 99 | 0 | 1',
        'rows in rejected_rows | file 1 (one.csv) | 10 | 9',
        'rows in rejected_rows by rejects_by_reason | file 1 (one.csv), missing_value | 10 | 9',
        'user_activity_summary | user_id USER-0 | total_events 3, views 2',
      ],
    ],
    [
      'a reject with another reason',
      `update rejected_rows set reason = 'invalid_price' where file_id = 1 and line_number = 11`,
      [
        'rows in rejected_rows by rejects_by_reason | file 1 (one.csv), invalid_price | 0 | 1',
        'rows in rejected_rows by rejects_by_reason | file 1 (one.csv), missing_value | 10 | 9',
      ],
    ],
    [
      'rows read that are neither loaded nor rejected',
      `${without('source_files_accounting')} update source_files set rows_read = 101 where file_id = 1`,
      ['rows_read, which is rows_loaded and rows_rejected together | file 1 (one.csv) | 100 | 101'],
    ],
    [
      'rows that are said to be expired, and are there',
      'update source_files set rows_expired = 5 where file_id = 1',
      ['rows in user_events | file 1 (one.csv) | 85 | 90'],
    ],
    [
      'events of files that must have none',
      [2, 3, 4].map((fileId) => `${EVENT} ${fileId}, 2 ${LINE_2}`).join(';'),
      [
        'rows in user_events of a file that is held | file 2 (held.csv) | 0 | 1',
        'rows in user_events of a file that is reverted | file 3 (undone.csv) | 0 | 1',
        'rows in user_events of a file that is failed | file 4 (failed.csv) | 0 | 1',
        'user_activity_summary | user_id USER-0 | total_events 5, views 4',
      ],
    ],
    [
      'loaded rows of a file that was undone',
      `${without('source_files_withheld_loads_nothing')} update source_files set rows_loaded = 3, rows_read = rows_read + 3 where file_id = 3`,
      ['rows_loaded of a file that is reverted | file 3 (undone.csv) | 0 | 3'],
    ],
    [
      'corrected rejects that are not counted, but for pieces, and those closed by a file without rows',
      `insert into corrected_rejects (file_id, line_number, corrected_by, is_piece) values (1, 11, 3, false), (1, 21, 1, false), (1, 31, 1, true)`,
      [
        'rows in corrected_rejects by rows_corrected | file 1 (one.csv) | 0 | 2',
        'rejects that are closed by a file without rows | file 3 (undone.csv) | 0 | 1',
      ],
    ],
    [
      'a user who is counted wrongly',
      `update user_totals set purchases = purchases + 1, spent_cents = spent_cents + 5 where user_id = 'USER-2'`,
      ['user_activity_summary | user_id USER-2 | purchases 1, total_spent 2.03 | purchases 2, total_spent 2.08'],
    ],
    [
      'a user who is missing, and one who has no event',
      `update user_totals set user_id = 'NOBODY' where user_id = 'USER-2'`,
      [
        'user_activity_summary | user_id NOBODY | no row | total_events 1, views 0, purchases 1',
        'user_activity_summary | user_id USER-2 | total_events 1, views 0, purchases 1',
      ],
    ],
    [
      'a user who is shown twice',
      `alter table user_totals drop constraint user_totals_pkey; insert into user_totals select * from user_totals where user_id = 'USER-2'`,
      ['user_activity_summary | user_id USER-2 | times 1 | times 2'],
    ],
    [
      'a day with too few customers',
      'update purchase_day_totals set customers = customers - 1',
      [
        'purchase_analytics | purchase_date 2024-01-15 | unique_customers 25 | unique_customers 24',
        'purchase_day_totals by purchase_day_customers | purchase_date 2024-01-15 | customers 25 | customers 24',
      ],
    ],
    [
      'a day without purchases',
      `insert into purchase_day_totals values ('2024-01-16', 1, 100, 1)`,
      [
        'purchase_analytics | purchase_date 2024-01-16 | no row | total_purchases 1, total_revenue 1.00',
        'purchase_day_totals by purchase_day_customers | purchase_date 2024-01-16 | no row | purchases 1, customers 1',
      ],
    ],
    [
      'a customer who would stay one when all that they bought is undone, which no view shows',
      `update purchase_day_customers set purchases = purchases + 1 where user_id = 'USER-2'`,
      [
        'purchase_day_customers with purchase_day_deltas | purchase_date 2024-01-15, user_id USER-2 | purchases 1 | purchases 2',
        'purchase_day_totals by purchase_day_customers | purchase_date 2024-01-15 | purchases 26 | purchases 25',
      ],
    ],
    [
      'a removal that was never folded',
      `insert into user_deltas (user_ids, total_events, views, purchases, cart_adds, spent_cents, last_activity, is_removal)
       values ('{USER-2}', '{0}', '{0}', '{0}', '{0}', '{0}', '{2024-01-01}', true)`,
      ['removals left in user_deltas'],
    ],
  ])('%s', async (_what, statements, expected) => {
    const found = linesOf(await groupsAfter(statements));
    for (const line of expected) expect(found).toContainEqual(expect.stringContaining(line));
    // Whatever else is told would be told falsely.
    expect(found.filter((line) => !expected.some((start) => line.startsWith(start)))).toEqual([]);
  });

  it('the first 20 of a kind, and how many there are', async () => {
    const groups = await groupsAfter(
      `insert into user_totals select 'GHOST-' || to_char(n, 'FM00'), 1, 1, 0, 0, 0, now() from generate_series(1, 33) as n;
       insert into rejected_rows (file_id, line_number, reason, message, raw) select 1000 + n, 2, 'x', '', '' from generate_series(1, 21) as n`,
    );
    expect(groups.map(({ what, count, first }) => [what, count, first.length])).toEqual([
      ['rows in rejected_rows of a file that the ledger does not have', 21, 20],
      ['user_activity_summary', 33, 20],
    ]);
    expect(groups[1]?.first[0]?.where).toBe('user_id GHOST-01');
  });
});

describe('GET /ingestion/verify', () => {
  const check = async (query: string) => {
    const reply = await fetch(`${running.url}/ingestion/verify${query}`);
    return { status: reply.status, body: await reply.json() };
  };

  it('says that the accounting of a file is right, or by what it is not', async () => {
    const counts = { fileId: 1, events: 90, rejects: 10 };
    const right = { ...counts, ok: true, differenceCount: 0, differences: [], checkedAt: expect.any(String) };
    expect(await check('?fileId=1')).toEqual({ status: 200, body: right });
    const line = 'file_id = 1 and line_number';
    await database.query(`update user_events set line_number = 3 where ${line} = 2`);
    await database.query(`update source_files set rows_corrected = 1 where file_id = 1`);
    const differences = [
      { what: 'rows in corrected_rejects by rows_corrected', where: 'file 1 (one.csv)', expected: 1, found: 0 },
      { what: 'times that a line is in user_events', where: 'file 1 (one.csv), line 3', expected: 1, found: 2 },
    ];
    const wrong = { ...counts, ok: false, differenceCount: 2, differences, checkedAt: expect.any(String) };
    expect(await check('?fileId=1')).toEqual({ status: 200, body: wrong });
    // Another file is not to blame.
    expect((await check('?fileId=2')).body).toMatchObject({ ok: true, events: 0, rejects: 5 });
    await database.query(
      `update user_events set line_number = 2 where event_id = (select min(event_id) from user_events where ${line} = 3)`,
    );
    await database.query(`update source_files set rows_corrected = 0 where file_id = 1`);
    expect((await check('?fileId=1')).body).toMatchObject({ ok: true });
  });

  it('is one at a time, so that the analytics go on answering', async () => {
    await withClient(database.connectionString, async (client) => {
      await client.query('begin; lock table rejected_rows in access exclusive mode');
      const first = check('?fileId=1');
      await eventually(async () => {
        const held = await database.query(
          "select 1 from pg_stat_activity where datname = current_database() and application_name = 'sluice-analytics' and wait_event_type = 'Lock'",
        );
        expect(held).toHaveLength(1);
      });
      expect(await check('?fileId=2')).toMatchObject({ status: 503, body: { code: 'busy' } });
      expect((await fetch(`${running.url}/analytics/users`)).status).toBe(200);
      await client.query('rollback');
      expect((await first).body).toMatchObject({ ok: true });
    });
    expect((await check('?fileId=2')).body).toMatchObject({ ok: true });
  });

  it('asks for the number of a file that there is', async () => {
    expect(await check('?fileId=12345')).toMatchObject({ status: 404, body: { code: 'file_not_found' } });
    expect(await check('')).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(await check('?fileId=x')).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });
});
