import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listPurchases, selectPurchases } from '../../src/analytics/purchases.ts';
import { listUsers, selectUsers } from '../../src/analytics/users.ts';
import { type Database, openDatabase } from '../../src/database/client.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const USERS = 50_000;
const DAYS = 20_000;
const LIMIT = 101;

let tested: TestDatabase;
let database: Database;

/**
 * As in a shop: few have many events; of the newer half, whose ids come last, nearly
 * everyone has 1, and a few of the oldest. Users lie in the order of their ids, days in any.
 * Some of both lists has yet to be folded, and is in no total at all.
 */
const FILL = [
  `insert into user_totals
   select 'U' || lpad(n::text, 6, '0'), case when n < 200 or (n > ${USERS / 2} and n % 50 > 0) then 1 else 2 + 10000000 / (n * 7 % 4999 + 1) end, 1, 1, 0, n, '2024-01-01'
     from generate_series(1, ${USERS}) as n`,
  `insert into user_deltas (user_ids, total_events, views, purchases, cart_adds, spent_cents, last_activity)
   values ('{U000007,U049999,V}', '{3,5,1}', '{1,1,1}', '{1,1,0}', '{0,0,0}', '{5,5,0}', '{2024-02-01,2024-02-01,2024-02-01}')`,
  `insert into purchase_day_totals
   select '1950-01-01'::date + n * 2, 3, 1000, 2 from generate_series(1, ${DAYS}) as n order by md5(n::text)`,
  `insert into purchase_day_deltas (purchase_date, purchases, revenue_cents, user_ids, user_purchases)
   select '1950-01-01'::date + n * 101, 2, 150, '{A,B}', '{1,1}' from generate_series(1, 300) as n`,
  'vacuum analyze user_totals',
  'vacuum analyze purchase_day_totals',
];

beforeAll(async () => {
  tested = await createTestDatabase();
  for (const statement of FILL) await tested.query(statement);
  database = openDatabase({
    connectionString: tested.connectionString,
    applicationName: 'sluice-test',
    maxConnections: 2,
    onError: () => {},
  });
});
afterAll(async () => {
  await database.$client.end();
  await tested.drop();
});

interface Explained {
  readonly Plan: { readonly 'Shared Hit Blocks': number; readonly 'Shared Read Blocks': number };
}

/** How many blocks PostgreSQL looks at for a statement. */
async function blocksFor(statement: { toSQL(): { sql: string; params: unknown[] } }): Promise<number> {
  const { sql, params } = statement.toSQL();
  const [row] = await tested.query<{ 'QUERY PLAN': Explained[] }>(
    `explain (analyze, buffers, format json) ${sql}`,
    params,
  );
  const plan = row?.['QUERY PLAN'][0]?.Plan;
  if (plan === undefined) throw new TypeError('no plan');
  return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
}

const at = async (view: string, offset: number) =>
  (await tested.query<Record<string, string>>(`select * from ${view} offset $1 limit 1`, [offset]))[0] ?? {};

describe('a page of users', () => {
  test.each([
    100, 1000, 20_000, 25_450, 25_500, 26_000, 35_000, 49_000, 49_950,
  ])('costs behind user %i as much as the first one', async (offset) => {
    const first = await blocksFor(selectUsers(database, { limit: LIMIT }));
    const { total_events, user_id } = await at('user_activity_summary', offset);
    const after = { totalEvents: Number(total_events), userId: String(user_id) };
    expect(await blocksFor(selectUsers(database, { after, limit: LIMIT }))).toBeLessThanOrEqual(2 * first);
  });

  test('follows the one before, whether its users are tied or not, folded or not', async () => {
    const walked: string[] = [];
    let after: { totalEvents: number; userId: string } | undefined;
    do {
      const page = await listUsers(database, { after, limit: 997 });
      walked.push(...page.map(({ userId, totalEvents }) => `${totalEvents} ${userId}`));
      after = page.at(-1);
    } while (after !== undefined);
    const expected = await tested.query<{ key: string }>(
      "select total_events || ' ' || user_id as key from user_activity_summary order by total_events desc, user_id",
    );
    expect(walked).toEqual(expected.map(({ key }) => key));
    expect(walked).toHaveLength(USERS + 1);
  });
});

describe('a page of purchases', () => {
  test.each([0, 100, 10_000, 19_000, 20_000])('costs behind day %i as much as the first one', async (offset) => {
    const first = await blocksFor(selectPurchases(database, { limit: LIMIT }));
    const { day } = await at('(select purchase_date::text as day from purchase_analytics) as one', offset);
    for (const query of [{ before: day }, { to: day }, { to: '2050-01-01', before: day, from: '1950-01-01' }]) {
      expect(await blocksFor(selectPurchases(database, { ...query, limit: LIMIT }))).toBeLessThanOrEqual(2 * first);
    }
  });

  test('follows the one before, whether its days are folded or not', async () => {
    const walked: string[] = [];
    let before: string | undefined;
    do {
      const page = await listPurchases(database, { before, limit: 97 });
      walked.push(...page.map(({ purchaseDate, totalPurchases }) => `${purchaseDate} ${totalPurchases}`));
      before = page.at(-1)?.purchaseDate;
    } while (before !== undefined);
    const expected = await tested.query<{ key: string }>(
      "select purchase_date || ' ' || total_purchases as key from purchase_analytics order by purchase_date desc",
    );
    expect(walked).toEqual(expected.map(({ key }) => key));
    expect(walked).toHaveLength(DAYS + 150);
  });
});
