import { drizzle } from 'drizzle-orm/node-postgres';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction } from '../../../src/database/transaction.ts';
import { lockTotals, tryLockTotals } from '../../../src/ingest/totals/add-to-totals.ts';
import { BatchTotals } from '../../../src/ingest/totals/batch-totals.ts';
import { countBatch, leaveDeltas } from '../../../src/ingest/totals/count-batch.ts';
import { foldDeltas } from '../../../src/ingest/totals/fold-deltas.ts';
import { emptyTables } from '../../support/empty-tables.ts';
import { createTestDatabase, type TestDatabase, withClient } from '../../support/postgres.ts';

const DAY_MS = 86_400_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(() => emptyTables(database));
afterAll(() => database.drop());

/** `users` users with one purchase each, on one day or on days of their own. */
function batch(users: number, { ownDays = false } = {}): BatchTotals {
  const totals = new BatchTotals();
  for (let n = 0; n < users; n += 1) {
    const id = Buffer.from(`U${n}`);
    totals.add(id, 0, id.length, 'purchase', ownDays ? n * DAY_MS : 0, 0, 250);
  }
  return totals;
}

async function rows(table: string): Promise<number> {
  const [row] = await database.query<{ rows: number }>(`select count(*)::int as rows from ${table}`);
  return row?.rows ?? 0;
}

/** In a transaction of its own that commits. */
async function commit(work: Parameters<typeof inTransaction>[1]): Promise<void> {
  await withClient(database.connectionString, async (client) => {
    await inTransaction(drizzle(client), work);
  });
}

describe('I8 what a batch adds up', () => {
  it('goes into the totals where few users stand for many rows, and into deltas where adding it would last', async () => {
    await commit((transaction) => countBatch(transaction, batch(1000), 1000));
    expect([await rows('user_totals'), await rows('user_deltas')]).toEqual([1000, 0]);
    await commit((transaction) => countBatch(transaction, batch(3000), 1));
    expect([await rows('user_totals'), await rows('user_deltas')]).toEqual([1000, 1]);
  });

  it('goes into deltas while somebody else is at the totals, without waiting', async () => {
    await commit(async (holding) => {
      await lockTotals(holding);
      await commit((transaction) => countBatch(transaction, batch(10), 1000));
    });
    expect([await rows('user_totals'), await rows('user_deltas'), await rows('purchase_day_deltas')]).toEqual([
      0, 1, 1,
    ]);
  });

  it('keeps instants to the microsecond from the year 1 to 9999, ids of any script, and the largest sums', async () => {
    const totals = new BatchTotals();
    const add = (user: string, ms: number, micros: number) => {
      const id = Buffer.from(user);
      totals.add(id, 0, id.length, 'purchase', ms, micros, 9_999_999_999);
    };
    add('FIRST', -62_135_596_800_000, 1);
    add('LAST', 253_402_300_799_999, 999);
    add('ÉÜ✓😀"{},\\', -1, 7);
    for (let n = 1; n < 400_000; n += 1) add('LAST', 0, 0);
    await commit((transaction) => leaveDeltas(transaction, totals));
    const shown = () =>
      database.query(`
        select user_id, total_spent, to_char(last_activity at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as last
                        from user_activity_summary order by user_id`);
    const expected = [
      { user_id: 'FIRST', total_spent: '99999999.99', last: '0001-01-01 00:00:00.000001' },
      { user_id: 'LAST', total_spent: '39999999996000.00', last: '9999-12-31 23:59:59.999999' },
      { user_id: 'ÉÜ✓😀"{},\\', total_spent: '99999999.99', last: '1969-12-31 23:59:59.999007' },
    ];
    expect(await shown()).toEqual(expected);
    await commit(async (transaction) => {
      expect(await tryLockTotals(transaction)).toBe(true);
      await foldDeltas(transaction, 'all');
    });
    expect(await shown()).toEqual(expected);
  });
});

describe('I8 a step of the folder', () => {
  it('leaves the totals of a day in agreement with its customers, where it folds a part of them only', async () => {
    await commit((transaction) => leaveDeltas(transaction, batch(10_000)));
    expect(await rows('purchase_day_deltas')).toBe(3);
    for (let left = 2; left >= 0; left -= 1) {
      await commit((transaction) => foldDeltas(transaction, 100));
      expect(await rows('purchase_day_deltas')).toBe(left);
      const totals = await database.query('select purchases, customers from purchase_day_totals');
      expect(totals).toEqual(
        await database.query(
          'select sum(purchases)::bigint as purchases, count(*) as customers from purchase_day_customers',
        ),
      );
      const [shown] = await database.query(
        'select total_purchases::int, total_revenue, unique_customers::int from purchase_analytics',
      );
      expect(shown).toEqual({ total_purchases: 10_000, total_revenue: '25000.00', unique_customers: 10_000 });
    }
  });

  it('takes the oldest rows only, and what is rolled back is folded by the next one, once', async () => {
    for (let n = 0; n < 3; n += 1)
      await commit((transaction) => leaveDeltas(transaction, batch(20, { ownDays: true })));
    const step = 20;
    await expect(
      commit(async (transaction) => {
        await foldDeltas(transaction, step);
        throw new Error('killed');
      }),
    ).rejects.toThrow('killed');
    expect([await rows('user_deltas'), await rows('user_totals')]).toEqual([3, 0]);
    for (let left = 2; left >= 0; left -= 1) {
      await commit((transaction) => foldDeltas(transaction, step));
      expect([await rows('user_deltas'), await rows('purchase_day_deltas')]).toEqual([left, left * 20]);
      const [sum] = await database.query('select sum(total_events)::int as events from user_activity_summary');
      expect(sum).toEqual({ events: 60 });
      const [day] = await database.query(
        'select unique_customers::int, total_purchases::int, total_revenue from purchase_analytics limit 1',
      );
      expect(day).toEqual({ unique_customers: 1, total_purchases: 3, total_revenue: '7.50' });
    }
    await commit(async (transaction) => expect(await foldDeltas(transaction, step)).toBe(0));
  });
});
