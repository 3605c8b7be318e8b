import { get as httpGet } from 'node:http';
import { sql } from 'drizzle-orm';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { boundedRead } from '../../../src/analytics/bounded-read.ts';
import { openDatabase } from '../../../src/database/client.ts';
import { eventually } from '../../support/eventually.ts';
import { HEADER, plainFile } from '../../support/plain-events.ts';
import { withClient } from '../../support/postgres.ts';
import { startTestService, type TestService } from '../../support/service.ts';

let service: TestService;

/** user, type, time, price; chosen so that each rule of the two lists can be seen in a number. */
const EVENTS = [
  ['ann', 'purchase', '2024-03-01T23:59:59.999999Z', '10.00'],
  ['ann', 'purchase', '2024-03-02T00:00:00Z', '0.01'],
  ['bob', 'purchase', '2024-03-02T12:00:00Z', '0.02'],
  // 23:30 in Berlin's winter is 22:30 UTC, and half past midnight there is still the day before in UTC.
  ['bob', 'purchase', '2024-03-03T00:30:00+01:00', '99999999.99'],
  ['ann', 'view', '2024-03-04T08:00:00Z', '5.00'],
  ['ann', 'add_to_cart', '2024-03-05T08:00:00.123456Z', '5.00'],
  ['ann', 'remove_from_cart', '2024-03-05T08:00:00.123456Z', '5.00'],
  ['cleo', 'view', '2024-01-01T00:00:00Z', '7.77'],
] as const;
const TIED = Array.from({ length: 30 }, (_, n) => `tied-${String(n).padStart(2, '0')}`);

beforeAll(async () => {
  service = await startTestService();
  const rows = EVENTS.map(([user, type, at, price]) => `${user},${type},${at},p1,Lamp,${price},s1\n`);
  const tied = TIED.map((user) => `${user},view,2024-02-02T02:02:02Z,p1,Lamp,1,s1\n`);
  // Days on which each user buys one thing, so that there are pages of days too.
  const days = Array.from(
    { length: 25 },
    (_, n) => `dora,purchase,2023-01-${String(n + 1).padStart(2, '0')},p1,Lamp,1.5,s1\n`,
  );
  const content = Buffer.from(HEADER + [...rows, ...tied, ...days].join(''));
  const reply = await request(service.url).put('/uploads/analytics.csv?wait=30').send(content).expect(200);
  expect(reply.body.files).toMatchObject([{ status: 'loaded', rowsRejected: 0 }]);
});
afterAll(async () => await service.close());

const get = (path: string) => request(service.url).get(path);

async function walk(path: string, limit: number) {
  const rows: Record<string, unknown>[] = [];
  let cursor: string | null = null;
  do {
    const page = await get(path).query(cursor === null ? { limit } : { limit, cursor });
    expect(page.status).toBe(200);
    rows.push(...page.body.data);
    cursor = page.body.nextCursor;
  } while (cursor !== null);
  return rows;
}

describe('GET /analytics/purchases', () => {
  test('counts purchases per day of UTC, newest first, money as strings with two decimals', async () => {
    const { body } = await get('/analytics/purchases?from=2024-01-01').expect(200);
    expect(body).toEqual({
      data: [
        {
          purchaseDate: '2024-03-02',
          totalPurchases: 3,
          totalRevenue: '100000000.02',
          avgOrderValue: '33333333.34',
          uniqueCustomers: 2,
        },
        {
          purchaseDate: '2024-03-01',
          totalPurchases: 1,
          totalRevenue: '10.00',
          avgOrderValue: '10.00',
          uniqueCustomers: 1,
        },
      ],
      nextCursor: null,
    });
  });

  test.each([
    ['from=2024-03-01&to=2024-03-02', ['2024-03-02', '2024-03-01']],
    ['from=2024-03-02', ['2024-03-02']],
    ['from=2023-01-24&to=2024-03-01', ['2024-03-01', '2023-01-25', '2023-01-24']],
    ['to=2022-12-31', []],
    ['from=2024-03-02&to=2024-03-01', []],
    ['from=0001-01-01&to=9999-12-31&limit=1', ['2024-03-02']],
  ])('?%s: both ends are inclusive', async (query, days) => {
    const { body } = await get(`/analytics/purchases?${query}`).expect(200);
    expect(body.data.map((day: { purchaseDate: string }) => day.purchaseDate)).toEqual(days);
  });

  test.each([1, 4, 27, 1000])('pages of %i walk through every day exactly once', async (limit) => {
    const rows = await walk('/analytics/purchases', limit);
    const expected = await service.database.query<{ day: string }>(
      'select purchase_date::text as day from purchase_analytics order by purchase_date desc',
    );
    expect(rows.map(({ purchaseDate }) => purchaseDate)).toEqual(expected.map(({ day }) => day));
    expect(expected).toHaveLength(27);
  });

  test.each([
    'from=2024-02-30',
    'from=24-01-01',
    'from=2024-1-1',
    'from=01/02/2024',
    'from=0000-01-01',
    'from=2024-01-01T00:00:00Z',
    'from=infinity',
    'from=',
    "to=2024-01-01'%20or%20'1'='1",
    'to=tomorrow',
    'from=2024-01-01&from=2024-01-02',
    'limit=0',
  ])('?%s is 400', async (query) => {
    const { status, body } = await get(`/analytics/purchases?${query}`);
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_request' });
  });

  test.each([
    [['x']],
    [['2024-02-30']],
    [['infinity']],
    [['0000-01-01']],
    [[1]],
    [['2024-03-01', 'x']],
  ])('a forged cursor %j is 400', async (key) => {
    const cursor = Buffer.from(JSON.stringify(key)).toString('base64url');
    const { status, body } = await get('/analytics/purchases').query({ cursor });
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_cursor' });
  });
});

describe('GET /analytics/users', () => {
  test('most events first, and every number as SQL counts it', async () => {
    const { body } = await get('/analytics/users?limit=3').expect(200);
    expect(body.data).toEqual([
      {
        userId: 'DORA',
        totalEvents: 25,
        views: 0,
        purchases: 25,
        cartAdds: 0,
        totalSpent: '37.50',
        lastActivity: '2023-01-25T00:00:00.000Z',
      },
      {
        userId: 'ANN',
        // remove_from_cart counts as an event too.
        totalEvents: 5,
        views: 1,
        purchases: 2,
        cartAdds: 1,
        totalSpent: '10.01',
        lastActivity: '2024-03-05T08:00:00.123Z',
      },
      {
        userId: 'BOB',
        totalEvents: 2,
        views: 0,
        purchases: 2,
        cartAdds: 0,
        totalSpent: '100000000.01',
        lastActivity: '2024-03-02T23:30:00.000Z',
      },
    ]);
  });

  test.each([1, 7, 34, 1000])('pages of %i walk through users with equal counts exactly once', async (limit) => {
    const rows = await walk('/analytics/users', limit);
    const ids = rows.map(({ userId }) => userId);
    expect(ids.slice(0, 3)).toEqual(['DORA', 'ANN', 'BOB']);
    expect([...ids].sort()).toEqual(['ANN', 'BOB', 'CLEO', 'DORA', ...TIED.map((user) => user.toUpperCase())].sort());
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.each([
    [['x', 'y']],
    [[1]],
    [[1, 'a\0b']],
    [[-1, 'a']],
    [[1.5, 'a']],
    [[1, 2]],
    [['2024-01-01']],
  ])('a forged cursor %j is 400', async (key) => {
    const cursor = Buffer.from(JSON.stringify(key)).toString('base64url');
    const { status, body } = await get('/analytics/users').query({ cursor });
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_cursor' });
  });
});

describe('GET /analytics/users/{userId}', () => {
  test.each(['ANN', 'ann', 'aNn', '%20ann%20', '%09ann%0A'])('%s is normalised like the data', async (id) => {
    const { body } = await get(`/analytics/users/${id}`).expect(200);
    expect(body).toMatchObject({ userId: 'ANN', totalEvents: 5, totalSpent: '10.01' });
  });

  test('a user who bought nothing has spent 0.00', async () => {
    const { body } = await get('/analytics/users/cleo').expect(200);
    expect(body).toEqual({
      userId: 'CLEO',
      totalEvents: 1,
      views: 1,
      purchases: 0,
      cartAdds: 0,
      totalSpent: '0.00',
      lastActivity: '2024-01-01T00:00:00.000Z',
    });
  });

  test.each([
    'nobody',
    '',
    '%20',
    '%00',
    'ann%00',
    'x'.repeat(51),
    "'%20or%20true%20--",
    '%25',
    '..%2Fhealth',
  ])('an id that no row has is 404: %s', async (id) => {
    const { status, body } = await get(`/analytics/users/${id}`);
    expect({ status, code: body.code }).toEqual({ status: 404, code: 'user_not_found' });
  });

  test('an id with a slash can be asked for', async () => {
    const content = Buffer.from(`${HEADER}a/b?c%,view,2024-01-01,p,n,1,s\n`);
    await request(service.url).put('/uploads/slash.csv?wait=30').send(content).expect(200);
    const { body } = await get(`/analytics/users/${encodeURIComponent('a/b?c%')}`).expect(200);
    expect(body).toMatchObject({ userId: 'A/B?C%' });
    await service.database.query("delete from user_events where user_id = 'A/B?C%'");
  });
});

test('an empty database answers with empty lists', async () => {
  const empty = await startTestService();
  try {
    for (const path of ['/analytics/purchases', '/analytics/users', '/ingestion/files']) {
      expect((await request(empty.url).get(path).expect(200)).body).toEqual({ data: [], nextCursor: null });
    }
  } finally {
    await empty.close();
  }
});

test('slow queries of clients that hung up hold up neither health nor uploads, and one too many is told so', async () => {
  const slow = await startTestService();
  try {
    await withClient(slow.database.connectionString, async (locker) => {
      await locker.query('begin; lock table user_totals in access exclusive mode');
      const calls = Array.from({ length: 8 }, () =>
        httpGet(`${slow.url}/analytics/users`, { agent: false }).on('error', () => {}),
      );
      await eventually(async () => {
        const [held] = await slow.database.query<{ queries: number }>(
          `select count(*)::int as queries from pg_stat_activity
            where datname = current_database() and application_name = 'sluice-analytics' and wait_event_type = 'Lock'`,
        );
        expect(held?.queries).toBe(3);
      });
      for (const call of calls) call.destroy();

      await request(slow.url).get('/health/ready').expect(200);
      const content = Buffer.from(plainFile({ tag: 'beside slow queries', to: 2 }));
      await request(slow.url).put('/uploads/beside.csv').send(content).expect(202);
      const refused = await request(slow.url).get('/analytics/purchases').expect(503);
      expect(refused.body).toMatchObject({ code: 'busy' });
      expect(refused.headers['retry-after']).toMatch(/^\d+$/);
    });
  } finally {
    await slow.close();
  }
});

test('what analytics ask, the server ends by itself, and it can change nothing', async () => {
  const { connectionString } = service.database;
  const database = openDatabase({
    connectionString,
    applicationName: 'sluice-test',
    maxConnections: 1,
    onError: () => {},
  });
  const ask = (query: string) => boundedRead(database, async (connection) => await connection.execute(sql.raw(query)));
  try {
    await expect(ask('delete from user_events')).rejects.toMatchObject({ cause: { code: '25006' } });
    expect((await ask('show statement_timeout')).rows).toEqual([{ statement_timeout: '15s' }]);
    // Of the one connection: it was given back without what held for the transaction.
    expect((await database.execute(sql`show statement_timeout`)).rows).toEqual([{ statement_timeout: '0' }]);
  } finally {
    await database.$client.end();
  }
});
