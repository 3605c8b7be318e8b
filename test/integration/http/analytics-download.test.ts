import { get as httpGet, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONNECTION_LIMITS } from '../../../src/http/connection-limits.ts';
import { eventually } from '../../support/eventually.ts';
import { HEADER } from '../../support/plain-events.ts';
import { withClient } from '../../support/postgres.ts';
import { startTestService, type TestService } from '../../support/service.ts';

/** Their list is 10 MB, more than the sockets between the two hold. */
const USERS = 100_000;
const userId = (n: number) => `U${String(n).padStart(45, '0')}`;

let service: TestService;

beforeAll(async () => {
  service = await startTestService();
  await service.database.query(
    `insert into user_totals
     select 'U' || lpad(n::text, 45, '0'), ${USERS} - n + 2, 1, 1, 0, n, '2024-01-01' from generate_series(1, ${USERS}) as n`,
  );
});
afterAll(async () => await service.close());

/** A download of which nothing is taken yet but what the sockets hold. */
async function beginDownload(url = service.url): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    httpGet(`${url}/analytics/users`, { agent: false, headers: { accept: 'text/csv' } }, resolve).on('error', reject);
  });
}

/** Transactions of analytics that are open. */
async function openTransactions(): Promise<number> {
  const [row] = await service.database.query<{ open: number }>(
    `select count(*)::int as open from pg_stat_activity
      where datname = current_database() and application_name = 'sluice-analytics' and xact_start is not null`,
  );
  return row?.open ?? 0;
}

/** Errors in the log, but for refused downloads. */
const faults = () => service.logLines.filter((line) => JSON.parse(line).level >= 50 && !line.includes('"code":"busy"'));
const untilFree = () => eventually(async () => expect(await openTransactions()).toBe(0));
const asCsv = () => request(service.url).get('/analytics/users').set('accept', 'text/csv').buffer(true);

describe('a download of very many users', () => {
  test('is of one moment, whatever is loaded before its end', async () => {
    const download = await beginDownload();
    expect(await openTransactions()).toBe(1);
    const rows = Array.from(
      { length: 5 },
      () => `${userId(USERS)},view,2024-02-02,p,Lamp,1,s\nnew,view,2024-02-02,p,Lamp,1,s\n`,
    );
    const content = Buffer.from(HEADER + rows.join(''));
    const upload = await request(service.url).put('/uploads/more.csv?wait=30').send(content).expect(200);
    expect(upload.body.files).toMatchObject([{ status: 'loaded', rowsLoaded: 10 }]);
    await request(service.url).get('/analytics/users/new').expect(200);

    const [, ...before] = (await text(download)).trimEnd().split('\r\n');
    expect(before).toHaveLength(USERS);
    expect(before[0]).toBe(`${userId(1)},${USERS + 1},1,1,0,0.01,2024-01-01T00:00:00.000Z`);
    expect(before.at(-1)).toBe(`${userId(USERS)},2,1,1,0,1000.00,2024-01-01T00:00:00.000Z`);
    await untilFree();
    const [, ...after] = (await asCsv().expect(200)).text.trimEnd().split('\r\n');
    expect(after).toHaveLength(USERS + 1);
    expect(after).toContain(`${userId(USERS)},7,6,1,0,1000.00,2024-02-02T00:00:00.000Z`);
  });

  test('is read from the database as it is taken, and holds up nobody but a second download', async () => {
    const download = await beginDownload();
    const [sent] = await eventually(async () => {
      const rows = await service.database.query<{ query: string; idle: boolean }>(
        `select query, state = 'idle in transaction' as idle from pg_stat_activity
          where datname = current_database() and application_name = 'sluice-analytics' and xact_start is not null`,
      );
      // It waits for the client, in the middle of its transaction.
      expect(rows).toMatchObject([{ idle: true }]);
      return rows;
    });
    expect(sent?.query).toContain('fetch');
    const refused = await asCsv().expect(503);
    expect(refused.body).toMatchObject({ code: 'busy', status: 503 });
    expect(refused.headers).toMatchObject({ 'retry-after': expect.stringMatching(/^\d+$/) });
    expect(refused.headers['content-disposition']).toBeUndefined();
    await request(service.url).get('/analytics/users?limit=5').expect(200);
    await request(service.url).get('/analytics/purchases').expect(200);
    await text(download);
    await untilFree();
    await asCsv().expect(200);
  });

  test('gives its connection back when the client hangs up', async () => {
    const download = await beginDownload();
    download.on('error', () => {});
    download.destroy();
    await untilFree();
    await asCsv().expect(200);
    expect(faults()).toEqual([]);
  });

  test('gives it back also when the client hangs up before the first row', async () => {
    await withClient(service.database.connectionString, async (locker) => {
      await locker.query('begin; lock table user_totals in access exclusive mode');
      const call = httpGet(`${service.url}/analytics/users`, { agent: false, headers: { accept: 'text/csv' } });
      call.on('error', () => {});
      await eventually(async () => expect(await openTransactions()).toBe(1));
      await asCsv().expect(503);
      call.destroy();
      // The place is free though the table is still locked: the next one waits for the lock, too, and is not refused.
      const next = new Promise<number | undefined>((resolve, reject) => {
        const again = () =>
          httpGet(`${service.url}/analytics/users?format=csv`, { agent: false }, (reply) => {
            reply.resume();
            if (reply.statusCode === 503) again();
            else resolve(reply.statusCode);
          }).on('error', reject);
        again();
      });
      await eventually(async () => expect(await openTransactions()).toBe(2));
      await locker.query('rollback');
      expect(await next).toBe(200);
      await untilFree();
    });
    expect(faults()).toEqual([]);
  });

  test('that can not be read to its end breaks off, and does not end as if it were whole', async () => {
    const download = await beginDownload();
    await service.database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'sluice-analytics' and xact_start is not null`,
    );
    await expect(text(download)).rejects.toThrow('aborted');
    await asCsv().expect(200);
  });

  test.each([
    ['the client takes nothing for too long', { untakenMs: 300 }],
    ['all of it takes too long', { wholeMs: 300 }],
  ])('is cut where %s', async (_, short) => {
    const downloads = { ...CONNECTION_LIMITS.downloads, ...short };
    const strict = await startTestService({ database: service.database, connectionLimits: { downloads } });
    try {
      const download = await beginDownload(strict.url);
      await untilFree();
      await expect(text(download)).rejects.toThrow('aborted');
    } finally {
      await strict.close();
    }
  });
});

test('what fails before the first row is a problem document, and no download', async () => {
  const broken = await startTestService();
  try {
    await broken.database.query('drop view user_activity_summary');
    const { body, headers } = await request(broken.url).get('/analytics/users?format=csv').expect(500);
    expect(body.code).toBe('internal_error');
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(headers['content-disposition']).toBeUndefined();
    // Its place is free again.
    await request(broken.url).get('/analytics/purchases?format=csv').expect(200);
  } finally {
    await broken.close();
  }
});
