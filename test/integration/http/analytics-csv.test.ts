import { parse } from 'csv-parse/sync';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unmarked } from '../../../src/ingest/csv/formula-mark.ts';
import { csvLine, QUOTED_STYLE } from '../../support/csv-line.ts';
import { HEADER } from '../../support/plain-events.ts';
import { startTestService, type TestService } from '../../support/service.ts';

const DAYS = ['purchase_date', 'total_purchases', 'total_revenue', 'avg_order_value', 'unique_customers'];
const USERS = ['user_id', 'total_events', 'views', 'purchases', 'cart_adds', 'total_spent', 'last_activity'];
const HOSTILE = ['=1+1', "=CMD|' /C CALC'!A0", '+1', '-1+2', '@SUM(A1)', "'=1", '＝1', 'A,B "C"', 'É'];

let service: TestService;

beforeAll(async () => {
  service = await startTestService();
  const rows = Array.from({ length: 2345 }, (_, n) => [
    n < HOSTILE.length ? (HOSTILE[n] ?? '') : `u${n % 1500}`,
    ['purchase', 'view', 'add_to_cart'][n % 3] ?? '',
    `2024-0${1 + (n % 9)}-${10 + (n % 19)}T01:02:03.${String(n).padStart(6, '0')}Z`,
    'p1',
    'Lamp',
    `${n}.5`,
    's1',
  ]);
  const content = HEADER + rows.map((cells) => `${csvLine(cells, QUOTED_STYLE)}\n`).join('');
  const reply = await request(service.url).put('/uploads/shop.csv?wait=30').send(Buffer.from(content)).expect(200);
  expect(reply.body.files).toMatchObject([{ status: 'loaded', rowsRejected: 0 }]);
});
afterAll(async () => await service.close());

const asCsv = (path: string) => request(service.url).get(path).set('accept', 'text/csv').buffer(true);

function parsed(text: string): string[][] {
  return parse(text, { record_delimiter: '\r\n', relax_column_count: false });
}

/** The values of all JSON pages, as text. */
async function pagesOf(path: string): Promise<string[][]> {
  const rows: string[][] = [];
  let cursor: string | null = null;
  do {
    const { body }: request.Response = await request(service.url)
      .get(path)
      .query(cursor === null ? {} : { cursor })
      .expect(200);
    rows.push(...body.data.map((row: object) => Object.values(row).map(String)));
    cursor = body.nextCursor;
  } while (cursor !== null);
  return rows;
}

describe.each([
  { path: '/analytics/purchases', name: 'purchases', columns: DAYS },
  { path: '/analytics/users', name: 'users', columns: USERS },
])('GET $path with Accept: text/csv', ({ path, name, columns }) => {
  test('has all rows of the pages of JSON in their order, in the columns of the view', async () => {
    const { text, headers } = await asCsv(path).expect(200);
    const [header, ...rows] = parsed(text);
    expect(header).toEqual(columns);
    expect(rows.map((row) => row.map(unmarked))).toEqual(await pagesOf(path));
    expect(rows.length).toBeGreaterThan(50);
    expect(headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="${name}.csv"; filename*=UTF-8''${name}.csv`,
      'x-content-type-options': 'nosniff',
      vary: 'accept',
    });
  });

  test('is as long whatever limit and cursor say, but a cursor of another list is refused', async () => {
    const whole = (await asCsv(path).expect(200)).text;
    const { nextCursor } = (await request(service.url).get(path).query({ limit: 5 }).expect(200)).body;
    expect((await asCsv(path).query({ limit: 5, cursor: nextCursor }).expect(200)).text).toBe(whole);
    expect((await asCsv(path).query({ cursor: 'nonsense' }).expect(400)).body.code).toBe('invalid_cursor');
  });

  test('begins with a byte order mark for a spreadsheet only', async () => {
    const forProgram = await asCsv(path).expect(200);
    const forSpreadsheet = await asCsv(path).set('accept', '*/*').query({ format: 'csv' }).expect(200);
    expect(forSpreadsheet.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(forSpreadsheet.text).toBe(`\ufeff${forProgram.text}`);
  });

  test.each([
    ['*/*', 'application/json'],
    ['text/csv;q=0.1, application/json', 'application/json'],
    ['text/csv;q=0', 'application/json'],
    ['text/csv, application/json;q=0.9', 'text/csv'],
    ['text/*, */*;q=0.1', 'text/csv'],
  ])('Accept: %s gets %s', async (accept, type) => {
    const { headers } = await request(service.url).get(path).set('accept', accept).expect(200);
    expect(headers).toMatchObject({ 'content-type': `${type}; charset=utf-8`, vary: 'accept' });
  });

  test('is JSON where the address says so', async () => {
    await asCsv(path)
      .query({ format: 'json' })
      .expect(200)
      .expect('content-type', /^application\/json/);
  });

  test('HEAD has its headers, and does not take the place of a download', async () => {
    const { headers, text } = await request(service.url).head(path).set('accept', 'text/csv').expect(200);
    expect(headers['content-disposition']).toContain(`${name}.csv`);
    expect(text ?? '').toBe('');
    await asCsv(path).expect(200);
  });
});

test('from and to hold for CSV, too', async () => {
  const span = '?from=2024-03-01&to=2024-05-12';
  const [, ...rows] = parsed((await asCsv(`/analytics/purchases${span}`).expect(200)).text);
  expect(rows).toEqual(await pagesOf(`/analytics/purchases${span}`));
  expect(rows.length).toBeGreaterThan(3);
  const nothing = await asCsv('/analytics/purchases?from=2025-01-01').expect(200);
  expect(nothing.text).toBe(`${DAYS.join(',')}\r\n`);
});

test('no spreadsheet takes a user for a formula', async () => {
  const [, ...rows] = parsed((await asCsv('/analytics/users').expect(200)).text);
  const ids = rows.map(([id = '']) => id);
  for (const id of ids) expect(id).not.toMatch(/^[\s\p{Cf}"]*[=+\-@＝]/u);
  expect(ids.map(unmarked)).toEqual(expect.arrayContaining(HOSTILE));
});

test('an empty list is a header and nothing else', async () => {
  const empty = await startTestService();
  try {
    const { text } = await request(empty.url).get('/analytics/users').set('accept', 'text/csv').expect(200);
    expect(text).toBe(`${USERS.join(',')}\r\n`);
  } finally {
    await empty.close();
  }
});
