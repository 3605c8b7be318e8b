import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TOTALS_LOCK } from '../../../src/ingest/totals/add-to-totals.ts';
import { DatabaseProxy } from '../../support/database-proxy.ts';
import { eventually } from '../../support/eventually.ts';
import { HeldTable } from '../../support/held-table.ts';
import { settledFile } from '../../support/ledger.ts';
import { plainFile } from '../../support/plain-events.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { startTestService, type TestService } from '../../support/service.ts';
import { expectNothingKept, namesIn } from './support/folder.ts';

let service: TestService;

beforeAll(async () => {
  service = await startTestService();
});
afterAll(async () => await service.close());

const get = (path: string) => request(service.url).get(path);

describe('GET /ingestion/stats', () => {
  test('of an empty ledger is all zeros', async () => {
    const { body } = await get('/ingestion/stats').expect(200);
    expect(body).toEqual({
      files: { queued: 0, loading: 0, loaded: 0, failed: 0, duplicate: 0, held: 0, reverted: 0 },
      rows: { read: 0, loaded: 0, rejected: 0 },
      rejectsByReason: {},
      throughput: { rowsPerSecond: 0, bytesPerSecond: 0 },
      lag: { queuedFiles: 0, oldestQueuedSeconds: 0 },
      latency: { p50Ms: 0, p95Ms: 0 },
      lastLoadedAt: null,
      watcher: { directory: service.directory, state: expect.stringMatching(/^(watching|rescan-only)$/) },
    });
  });

  test('every number is what SQL counts in the tables', async () => {
    const good = plainFile({ tag: 'stats', to: 600 });
    writeFileSync(join(service.directory, 'stats.csv'), good);
    await settledFile(service.database, 'stats.csv');
    const put = (name: string, content: string) =>
      request(service.url).put(`/uploads/${name}?wait=30`).send(Buffer.from(content)).expect(200);
    await put('stats-dirty.csv', plainFile({ tag: 'stats dirty', to: 600, badEvery: 3 }));
    await put('stats-again.csv', good);
    await put('stats-failed.csv', 'no,such,columns\n');

    const { body } = await get('/ingestion/stats').expect(200);
    const [tables] = await service.database.query(
      `select (select count(*)::int from user_events) as loaded, (select count(*)::int from rejected_rows) as rejected`,
    );
    expect(body.files).toEqual({ queued: 0, loading: 0, loaded: 2, failed: 1, duplicate: 1, held: 0, reverted: 0 });
    expect(body.rows).toEqual({ read: 1200, loaded: 1000, rejected: 200 });
    expect(tables).toEqual({ loaded: body.rows.loaded, rejected: body.rows.rejected });
    expect(body.rejectsByReason).toEqual({ missing_value: 200 });
    const [ledger] = await service.database.query<{ p50: number; p95: number; last: Date }>(
      `select percentile_cont(0.5) within group (order by extract(epoch from finished_at - discovered_at) * 1000)::float8 as p50,
              percentile_cont(0.95) within group (order by extract(epoch from finished_at - discovered_at) * 1000)::float8 as p95,
              max(finished_at) as last
         from source_files where status = 'loaded'`,
    );
    expect(body.latency).toEqual({ p50Ms: Math.round(ledger?.p50 ?? 0), p95Ms: Math.round(ledger?.p95 ?? 0) });
    expect(body.lastLoadedAt).toBe(ledger?.last.toISOString());
    // 1200 rows within the last minute.
    expect(body.throughput.rowsPerSecond).toBe(20);
    expect(body.throughput.bytesPerSecond).toBeGreaterThan(0);
  });

  test('rows that were loaded more than a minute ago are no throughput', async () => {
    await service.database.query(
      `update source_files set started_at = started_at - interval '10 minutes', finished_at = finished_at - interval '10 minutes'`,
    );
    const { body } = await get('/ingestion/stats').expect(200);
    expect(body.throughput).toEqual({ rowsPerSecond: 0, bytesPerSecond: 0 });
    expect(body.rows.read).toBe(1200);
  });

  test('what waits is lag, with the age of the oldest', async () => {
    await service.database.query(
      `insert into source_files (name, path, origin, status, size_bytes, fingerprint, available_at, discovered_at)
       select 'waits.csv', '/waits/' || n, 'directory', 'queued', 1, n::text, now() + interval '1 hour', now() - n * interval '100 seconds'
         from generate_series(1, 3) n`,
    );
    const { body } = await get('/ingestion/stats').expect(200);
    expect(body.files.queued).toBe(3);
    expect(body.lag.queuedFiles).toBe(3);
    expect(body.lag.oldestQueuedSeconds).toBeGreaterThanOrEqual(300);
    expect(body.lag.oldestQueuedSeconds).toBeLessThan(360);
    await service.database.query("delete from source_files where name = 'waits.csv'");
  });

  test('the watcher says that it watches', async () => {
    await eventually(async () => {
      const { body } = await get('/ingestion/stats').expect(200);
      expect(body.watcher).toEqual({ directory: service.directory, state: 'watching' });
    });
  });
});

describe('GET /metrics', () => {
  test('is Prometheus text in which every name is ours, described and typed', async () => {
    const { text, headers } = await get('/metrics').expect(200);
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    const described = new Set<string>();
    const typed = new Set<string>();
    for (const line of text.split('\n').filter((candidate) => candidate !== '')) {
      const [, keyword, name] = /^# (HELP|TYPE) (sluice_[a-z0-9_]+) ./.exec(line) ?? [];
      if (keyword === 'HELP') described.add(name ?? '');
      else if (keyword === 'TYPE') typed.add(name ?? '');
      else
        expect(line).toMatch(
          /^sluice_[a-z0-9_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? ([-+]?\d[\d.e+-]*|Nan|[+-]Inf)$/i,
        );
    }
    expect(described).toEqual(typed);
    expect(described.size).toBeGreaterThan(15);
  });

  const value = async (series: string) => {
    const { text } = await get('/metrics').expect(200);
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
    return Number(line?.split(' ')[1]);
  };

  test('says how far the totals of the analytics are behind, and for how long', async () => {
    const hold = await HeldTable.holdRow(service.database, `select pg_advisory_xact_lock(${TOTALS_LOCK})`);
    const content = Buffer.from(plainFile({ tag: 'lag', to: 97 }));
    await request(service.url).put('/uploads/lag.csv?wait=30').send(content).expect(200);
    // 97 users, and those of them who bought something on the one day.
    expect(await value('sluice_totals_pending_rows')).toBe(97 + 24);
    expect(await value('sluice_totals_lag_seconds')).toBeGreaterThan(0);
    await hold.release();
    await eventually(async () => {
      expect(await value('sluice_totals_pending_rows')).toBe(0);
      expect(await value('sluice_totals_lag_seconds')).toBe(0);
    });
  });

  test('counters are what was committed', async () => {
    const series = [
      'sluice_rows_read_total',
      'sluice_rows_loaded_total',
      'sluice_rows_rejected_total{reason="missing_value"}',
      'sluice_bytes_committed_total',
      'sluice_files_ended_total{status="loaded"}',
      'sluice_file_latency_seconds_count',
    ];
    const before = await Promise.all(series.map(value));
    const content = Buffer.from(plainFile({ tag: 'metrics', to: 50, badEvery: 5 }));
    await request(service.url).put('/uploads/metrics.csv?wait=30').send(content).expect(200);
    await eventually(async () => {
      const after = await Promise.all(series.map(value));
      expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([50, 40, 10, content.length, 1, 1]);
    });
    expect(await value('sluice_database_up')).toBe(1);
    const { body } = await get('/ingestion/stats');
    expect(await value('sluice_files{status="loaded"}')).toBe(body.files.loaded);
  });

  test('requests are counted by their route, so that an address made up by a client makes no new series', async () => {
    await get('/ingestion/files/1').expect(200);
    await get('/made/up/by-a-client').expect(404);
    const { text } = await get('/metrics').expect(200);
    expect(text).toContain('route="/ingestion/files/:fileId",status="200"');
    expect(text).not.toContain('made');
  });
});

describe('health', () => {
  test('says ok, with the version and how long it has run', async () => {
    for (const path of ['/health', '/health/ready']) {
      const { body } = await get(path).expect(200);
      expect(body).toEqual({
        status: 'ok',
        database: 'ok',
        watcher: expect.stringMatching(/^(watching|rescan-only)$/),
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        uptimeSeconds: expect.any(Number),
      });
    }
    expect((await get('/health/live').expect(200)).body).toEqual({ status: 'ok' });
  });
});

test('without its database: health and every call that needs it say so, nothing is kept, and it recovers by itself', async () => {
  const database = await createTestDatabase();
  const proxy = await DatabaseProxy.start(database.connectionString);
  const cut = await startTestService({ database: { ...database, connectionString: proxy.connectionString } });
  const direct: TestService = { ...cut, database };
  try {
    await request(cut.url).get('/health').expect(200);
    proxy.cut();

    await eventually(async () => {
      const { body, headers } = await request(cut.url).get('/health').expect(503);
      expect(body).toMatchObject({ status: 'unavailable', database: 'unavailable' });
      expect(headers['retry-after']).toMatch(/^\d+$/);
    });
    await request(cut.url).get('/health/ready').expect(503);
    await request(cut.url).get('/health/live').expect(200);
    const metrics = await request(cut.url).get('/metrics').expect(200);
    expect(metrics.text).toMatch(/^sluice_database_up 0$/m);

    await expectNothingKept(direct, async () => {
      const content = Buffer.from(plainFile({ tag: 'away', to: 2 }));
      const calls = [
        request(cut.url).put('/uploads/away.csv').send(content),
        request(cut.url).post('/uploads?wait=5').attach('file', content, 'away.csv'),
        request(cut.url).post('/ingestion/files/1/retry'),
        ...[
          '/ingestion/files',
          '/ingestion/files/1',
          '/ingestion/files/1/rejects',
          '/ingestion/explain?name=away.csv',
          '/ingestion/explain?path=away.csv',
          '/ingestion/stats',
          '/analytics/users',
          '/analytics/users/ann',
          '/analytics/purchases',
        ].map((path) => request(cut.url).get(path)),
      ];
      for (const reply of await Promise.all(calls)) {
        expect(reply.body).toMatchObject({ status: 503, code: 'database_unavailable', title: 'Service Unavailable' });
        expect(reply.status).toBe(503);
        expect(reply.headers['retry-after']).toMatch(/^\d+$/);
        expect(reply.headers['content-type']).toMatch(/^application\/problem\+json\b/);
      }
    });

    proxy.restore();
    await eventually(async () => void (await request(cut.url).get('/health').expect(200)));
    const content = Buffer.from(plainFile({ tag: 'away', to: 2 }));
    const { body } = await request(cut.url).put('/uploads/away.csv?wait=30').send(content).expect(200);
    expect(body.files).toMatchObject([{ name: 'away.csv', status: 'loaded', rowsLoaded: 2 }]);
  } finally {
    proxy.restore();
    await cut.close();
    await proxy.close();
    await database.drop();
  }
});

test('I4: a database that is lost after an upload was taken does not make it a 503; the wait goes on and ends well', async () => {
  const database = await createTestDatabase();
  const proxy = await DatabaseProxy.start(database.connectionString);
  const cut = await startTestService({ database: { ...database, connectionString: proxy.connectionString } });
  try {
    // A lock keeps the load from its end, so that the reply waits while the database goes.
    const blocker = new pg.Client({ connectionString: database.connectionString });
    blocker.on('error', () => {});
    await blocker.connect();
    await blocker.query('begin');
    await blocker.query('lock table user_events in access exclusive mode');
    const content = Buffer.from(plainFile({ tag: 'taken', to: 2 }));
    const reply = request(cut.url)
      .put('/uploads/taken.csv?wait=25')
      .send(content)
      .then((answer) => answer);
    await eventually(async () => expect(await database.query('select 1 from source_files')).toHaveLength(1));
    proxy.cut();
    await eventually(async () => void (await request(cut.url).get('/health').expect(503)));
    await blocker.end();
    proxy.restore();
    const { status, body } = await reply;
    expect(status).toBe(200);
    expect(body.files).toMatchObject([{ name: 'taken.csv', status: 'loaded', rowsLoaded: 2 }]);
    expect((await namesIn(cut)).folder).toEqual(['taken.csv']);
  } finally {
    proxy.restore();
    await cut.close();
    await proxy.close();
    await database.drop();
  }
});
