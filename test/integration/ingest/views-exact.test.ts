import { writeFileSync } from 'node:fs';
import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TOTALS_LOCK } from '../../../src/ingest/totals/add-to-totals.ts';
import { emptyTables } from '../../support/empty-tables.ts';
import { eventually } from '../../support/eventually.ts';
import { expectAccounting, expectExactly } from '../../support/exact-load.ts';
import { revert, upload } from '../../support/file-calls.ts';
import { HeldTable } from '../../support/held-table.ts';
import { settledFile, settledVersions } from '../../support/ledger.ts';
import { expectedPlain, HEADER, plainFile, plainRows } from '../../support/plain-events.ts';
import { type TestDatabase, withClient } from '../../support/postgres.ts';
import { viewDifferences } from '../../support/recomputed-views.ts';
import { startTestService, type TestService } from '../../support/service.ts';

const LOCK_TOTALS = `select pg_advisory_xact_lock(${TOTALS_LOCK})`;

let running: TestService;
let database: TestDatabase;

beforeAll(async () => {
  running = await startTestService({ env: { LOADERS: '2', RESCAN_MS: '200', COMMIT_ROWS: '300' } });
  database = running.database;
});

afterAll(() => running.close());

beforeEach(() => emptyTables(database));

afterEach(() => expectAccounting(database));

const event = (user: string, type: string, at: string, price = '1.00') => `${user},${type},${at},P1,Shoe,${price},s\n`;

async function userRow(user: string) {
  const [row] = await database.query(
    `select total_events::int, views::int, purchases::int, cart_adds::int, total_spent, last_activity at time zone 'UTC' = $2::timestamp as is_last
       from user_activity_summary where user_id = $1`,
    [user, '2024-05-01 10:00:00.000001'],
  );
  return row;
}

async function pendingDeltas(): Promise<number> {
  const [row] = await database.query<{ rows: number }>(
    'select (select count(*) from user_deltas)::int + (select count(*) from purchase_day_deltas)::int as rows',
  );
  return row?.rows ?? 0;
}

const untilFolded = () => eventually(async () => expect(await pendingDeltas()).toBe(0));

describe('I8 the views show what the events say', () => {
  it('in the same order as ever: days from the newest, users from the busiest, then by their ids', async () => {
    const rows = [
      event('B', 'view', '2024-01-02'),
      event('A', 'view', '2024-01-03'),
      event('C', 'purchase', '2023-12-31T23:59:59.999999Z', '10.10'),
      event('C', 'purchase', '2024-01-01T00:00:00Z', '20.20'),
    ];
    await upload(running.url, 'order.csv', HEADER + rows.join(''));
    const users = await database.query<{ user_id: string }>('select * from user_activity_summary');
    expect(users.map(({ user_id }) => user_id)).toEqual(['C', 'A', 'B']);
    const days = await database.query('select purchase_date::text as day, total_revenue from purchase_analytics');
    expect(days).toEqual([
      { day: '2024-01-01', total_revenue: '20.20' },
      { day: '2023-12-31', total_revenue: '10.10' },
    ]);
  });

  it('whether a load could add to the totals or had to leave deltas, before and after they are folded', async () => {
    const hold = await HeldTable.holdRow(database, LOCK_TOTALS);
    await upload(running.url, 'first.csv', plainFile({ tag: 'first', to: 700, badEvery: 7 }));
    await upload(running.url, 'second.csv', plainFile({ tag: 'second', from: 300, to: 900 }));
    expect(await pendingDeltas()).toBeGreaterThan(0);
    expect(await viewDifferences(database)).toEqual([]);
    const [totals] = await database.query('select count(*)::int as users from user_totals');
    expect(totals).toEqual({ users: 0 });
    await hold.release();
    await untilFolded();
    expect(await viewDifferences(database)).toEqual([]);
    const [folded] = await database.query('select sum(total_events)::int as events from user_totals');
    expect(folded).toEqual({ events: 1200 });
  });

  it('no load waits for another one that is at the same users and days', async () => {
    const hold = await HeldTable.holdRow(
      database,
      `${LOCK_TOTALS}; lock table user_totals in share row exclusive mode`,
    );
    const names = ['a', 'b', 'c', 'd'];
    const files = await Promise.all(
      names.map((name) => upload(running.url, `${name}.csv`, plainFile({ tag: name, to: 600 }))),
    );
    expect(files.map(({ status }) => status)).toEqual(names.map(() => 'loaded'));
    await hold.release();
    await untilFolded();
    await expectExactly(
      database,
      names.map((name) => expectedPlain(`${name}.csv`, { tag: name, to: 600 })),
    );
  });

  it('an undo takes away what is still in deltas, and waits for whoever is at the totals', async () => {
    const hold = await HeldTable.holdRow(database, LOCK_TOTALS);
    const first = await upload(running.url, 'wrong.csv', plainFile({ tag: 'wrong', to: 500 }));
    await upload(running.url, 'right.csv', plainFile({ tag: 'right', to: 300 }));
    const undo = revert(running.url, first.fileId);
    await eventually(async () => {
      const waiting = await database.query(
        "select 1 from pg_stat_activity where datname = current_database() and application_name = 'sluice-removal' and wait_event = 'advisory'",
      );
      expect(waiting).toHaveLength(1);
    });
    expect(await viewDifferences(database)).toEqual([]);
    await hold.release();
    expect((await undo).status).toBe(200);
    await expectExactly(database, [
      { ...expectedPlain('wrong.csv'), events: [] },
      expectedPlain('right.csv', { tag: 'right', to: 300 }),
    ]);
  });

  it('an undo finds the latest event that is left, to the microsecond, and the customers that a day still has', async () => {
    const older = [
      event('U1', 'view', '2024-05-01T10:00:00.000001Z'),
      event('U1', 'purchase', '2024-04-30T10:00:00Z', '5.55'),
    ];
    const newer = [
      event('U1', 'purchase', '2024-05-01T10:00:00.000002Z', '7.77'),
      event('U1', 'purchase', '2024-04-30T12:00:00Z'),
      event('U2', 'purchase', '2024-04-30T12:00:00Z'),
    ];
    await upload(running.url, 'older.csv', HEADER + older.join(''));
    const { fileId } = await upload(running.url, 'newer.csv', HEADER + newer.join(''));
    expect(await userRow('U1')).toMatchObject({ total_events: 4, purchases: 3, total_spent: '14.32', is_last: false });
    expect((await revert(running.url, fileId)).status).toBe(200);
    expect(await userRow('U1')).toEqual({
      total_events: 2,
      views: 1,
      purchases: 1,
      cart_adds: 0,
      total_spent: '5.55',
      is_last: true,
    });
    expect(await userRow('U2')).toBeUndefined();
    const days = await database.query(
      'select purchase_date::text as day, unique_customers::int as customers from purchase_analytics',
    );
    expect(days).toEqual([{ day: '2024-04-30', customers: 1 }]);
  });

  it('a row that was cut and comes whole is counted once', async () => {
    const path = join(running.directory, 'cut.csv');
    const whole = plainFile({ tag: 'cut', to: 31 });
    writeFileSync(path, whole.slice(0, -12));
    await settledFile(database, 'cut.csv');
    await appendFile(path, `${whole.slice(-12)}${plainRows({ tag: 'cut', from: 31, to: 40 })}`);
    await settledVersions(database, 'cut.csv', 2);
    expect(await viewDifferences(database)).toEqual([]);
    const [sum] = await database.query('select sum(total_events)::int as events from user_activity_summary');
    expect(sum).toEqual({ events: 40 });
    await rm(path);
  });

  it('a load that takes back a row which was no event leaves the totals alone while somebody else is at them', async () => {
    const path = join(running.directory, 'piece.csv');
    const whole = plainFile({ tag: 'piece', to: 31 });
    const lastRow = whole.lastIndexOf('\n', whole.length - 2) + 1;
    writeFileSync(path, whole.slice(0, lastRow + 8));
    await settledFile(database, 'piece.csv');
    await untilFolded();
    const events = async () =>
      (await database.query<{ events: number }>('select sum(total_events)::int as events from user_totals'))[0]?.events;
    const before = await events();
    const hold = await HeldTable.holdRow(database, LOCK_TOTALS);
    await appendFile(path, `${whole.slice(lastRow + 8)}${plainRows({ tag: 'piece', from: 31, to: 40 })}`);
    await settledVersions(database, 'piece.csv', 2);
    expect(await events()).toBe(before);
    expect(await viewDifferences(database)).toEqual([]);
    await hold.release();
    await untilFolded();
    expect(await events()).toBe(40);
    await rm(path);
  });

  it('in every snapshot while files are loaded, undone and folded, whatever connection dies', async () => {
    let isOver = false;
    let looks = 0;
    const watched = (async () => {
      while (!isOver) {
        expect(await viewDifferences(database)).toEqual([]);
        looks += 1;
      }
    })();
    // Heard where it is awaited.
    watched.catch(() => {});
    const work = Array.from({ length: 4 }, async (_, lane) => {
      for (let round = 0; round < 6; round += 1) {
        const name = `lane-${lane}-${round}.csv`;
        const { fileId } = await upload(
          running.url,
          name,
          plainFile({ tag: name, from: round * 13, to: 250 + lane * 150 }),
        );
        if (round % 2 === 0) continue;
        await eventually(async () => expect((await revert(running.url, fileId)).status).toBe(200));
      }
    });
    const killer = (async () => {
      while (!isOver) {
        await withClient(database.connectionString, (client) =>
          client.query(
            `select pg_terminate_backend(pid) from pg_stat_activity
              where datname = current_database() and (application_name = 'sluice-queue' or application_name like 'sluice-loader%')
                and state <> 'idle' and random() < 0.05`,
          ),
        );
      }
    })();
    killer.catch(() => {});
    try {
      await Promise.all(work);
    } finally {
      isOver = true;
      await Promise.all([watched, killer]);
    }
    expect(looks).toBeGreaterThan(5);
    await untilFolded();
    expect(await viewDifferences(database)).toEqual([]);
  });
});
