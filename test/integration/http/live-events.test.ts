import { writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openDatabase } from '../../../src/database/client.ts';
import { sourceFiles } from '../../../src/database/schema.ts';
import { FileEvents } from '../../../src/ingest/file-events.ts';
import { LiveFeed } from '../../../src/monitoring/live-feed.ts';
import { eventually } from '../../support/eventually.ts';
import { HeldLoads } from '../../support/held-loads.ts';
import { plainFile } from '../../support/plain-events.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { startTestService, type TestService } from '../../support/service.ts';
import { type EventStream, openEventStream, type StreamedEvent } from './support/event-stream.ts';
import { startObservedService } from './support/observed-server.ts';

let service: TestService;

beforeAll(async () => {
  service = await startTestService();
});
afterAll(async () => await service.close());

const put = (url: string, name: string, tag: string) =>
  request(url)
    .put(`/uploads/${name}?wait=30`)
    .send(Buffer.from(plainFile({ tag, to: 5 })))
    .expect(200);
const ofFile = (name: string) => (event: StreamedEvent) => event.event === 'file' && event.data.name === name;
const ends = (name: string) => (event: StreamedEvent) => ofFile(name)(event) && event.data.status === 'loaded';

async function withStream<Result>(url: string, use: (stream: EventStream) => Promise<Result>): Promise<Result> {
  const stream = await openEventStream(url);
  try {
    return await use(stream);
  } finally {
    stream.close();
  }
}

test('is a stream of server-sent events that no cache or proxy holds up', async () => {
  await withStream(service.url, async ({ response }) => {
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toMatch(/^text\/event-stream\b/);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.headers['x-accel-buffering']).toBe('no');
    expect(response.headers['content-length']).toBeUndefined();
  });
});

test('tells each change of an uploaded file in its order, each as a whole File', async () => {
  await withStream(service.url, async (stream) => {
    const reply = await put(service.url, 'told.csv', 'told');
    await stream.wanted(ends('told.csv'), 1);
    const told = stream.events.filter(ofFile('told.csv')).map(({ data }) => data);

    const statuses = told.map(({ status }) => status);
    expect(statuses.filter((status, index) => status !== statuses[index - 1])).toEqual(['queued', 'loading', 'loaded']);
    expect(told.at(-1)).toEqual(reply.body.files[0]);
    expect(told.every(({ fileId }) => fileId === reply.body.files[0].fileId)).toBe(true);
  });
});

test('tells of files that the watcher finds, and of those that fail', async () => {
  await withStream(service.url, async (stream) => {
    writeFileSync(join(service.directory, 'found-bad.csv'), 'no,such,columns\n');
    const [failed] = await stream.wanted(
      (event) => ofFile('found-bad.csv')(event) && event.data.status === 'failed',
      1,
    );
    expect(failed?.data).toMatchObject({ origin: 'directory', error: { code: 'missing_columns' } });
  });
});

test('tells the stats while something changes, and they are those of /ingestion/stats', async () => {
  await withStream(service.url, async (stream) => {
    await put(service.url, 'counted.csv', 'counted');
    const { body } = await request(service.url).get('/ingestion/stats').expect(200);
    const [stats] = await stream.wanted(
      ({ event, data }) =>
        event === 'stats' && data.files.loaded === body.files.loaded && data.rows.loaded === body.rows.loaded,
      1,
    );
    expect(Object.keys(stats?.data).sort()).toEqual(Object.keys(body).sort());
    expect(stats?.data.watcher).toEqual(body.watcher);
  });
});

test('tells how far a file is while it is loaded', async () => {
  const content = Buffer.from(plainFile({ tag: 'progress', to: 20_000 }));
  const held = await HeldLoads.hold(service.database);
  try {
    await withStream(service.url, async (stream) => {
      const loading = request(service.url).put('/uploads/progress.csv?wait=30').send(content).expect(200);
      const replied = loading.then(({ body }) => body.files[0]);
      // Of what happens within 200 ms only the end is told.
      await held.untilHeld(250);
      await held.release();
      const { fileId } = await replied;
      await stream.wanted(ends('progress.csv'), 1);

      const own = stream.events.filter(({ event, data }) => event !== 'stats' && data.fileId === fileId);
      const [progress] = own.filter(({ event }) => event === 'progress').map(({ data }) => data);
      expect(Object.keys(progress)).toEqual(['fileId', 'bytesRead', 'rowsRead']);
      expect(progress.bytesRead).toBeGreaterThan(0);
      expect(progress.bytesRead).toBeLessThanOrEqual(content.length);
      expect(progress.rowsRead).toBeGreaterThan(0);
      expect(progress.rowsRead).toBeLessThanOrEqual(20_000);
      expect(own.findLastIndex(({ event }) => event === 'progress')).toBeLessThan(
        own.findIndex(({ data }) => data.status === 'loaded'),
      );
    });
  } finally {
    await held.release();
  }
});

test('says every 15 s that it is there, in an event that a reader can hear', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    await withStream(service.url, async (stream) => {
      const isAlive = ({ event }: StreamedEvent) => event === 'alive';
      await vi.advanceTimersByTimeAsync(14_999);
      expect(stream.events.filter(isAlive)).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      expect(await stream.wanted(isAlive, 1)).toEqual([{ event: 'alive', data: {} }]);
    });
  } finally {
    vi.useRealTimers();
  }
});

test('each of several clients hears everything once', async () => {
  const streams = await Promise.all([1, 2, 3].map(() => openEventStream(service.url)));
  try {
    await put(service.url, 'all-hear.csv', 'all hear');
    for (const stream of streams) {
      await stream.wanted(ends('all-hear.csv'), 1);
      const told = stream.events.filter(ofFile('all-hear.csv')).map(({ data }) => JSON.stringify(data));
      expect(new Set(told).size).toBe(told.length);
    }
  } finally {
    for (const stream of streams) stream.close();
  }
});

test('a client that comes while others listen hears what has changed just before, and once', async () => {
  await withStream(service.url, async (first) => {
    await put(service.url, 'just-before.csv', 'just before');
    await first.wanted(ends('just-before.csv'), 1);
    await withStream(service.url, async (second) => {
      await second.wanted(ends('just-before.csv'), 1);
      // Told by a later look, which finds the file of before once more.
      await failFiles(service.database, 'afterwards.csv', 1);
      await second.wanted(ofFile('afterwards.csv'), 1);
      expect(second.events.filter(ofFile('just-before.csv'))).toHaveLength(1);
    });
    expect(first.events.filter(ends('just-before.csv'))).toHaveLength(1);
  });
});

test('a client that goes is forgotten: two hundred may come and go', async () => {
  // The server listens to a hundred at once; were any of these kept, the last would be refused.
  for (let round = 0; round < 4; round += 1) {
    const streams = await Promise.all(Array.from({ length: 50 }, () => openEventStream(service.url)));
    expect(streams.map(({ response }) => response.statusCode)).toEqual(streams.map(() => 200));
    for (const stream of streams) stream.close();
  }
  await eventually(async () => {
    await withStream(service.url, async ({ response }) => expect(response.statusCode).toBe(200));
  });
});

test('once the last client has gone the ledger is no longer asked every second', async () => {
  await withStream(service.url, async (stream) => {
    await put(service.url, 'last-client.csv', 'last client');
    await stream.wanted(({ event }) => event === 'stats', 1);
  });
  await eventually(async () => {
    const [asked] = await service.database.query<{ isQuiet: boolean }>(
      `select bool_and(clock_timestamp() - query_start > interval '2.5 seconds') as "isQuiet"
         from pg_stat_activity where datname = current_database() and application_name = 'sluice-api'`,
    );
    expect(asked?.isQuiet).toBe(true);
  });
});

test('more than a hundred clients at once are told to come back later, and others are served', async () => {
  const crowded = await startTestService();
  const streams = await Promise.all(Array.from({ length: 105 }, () => openEventStream(crowded.url)));
  try {
    const refused = streams.filter(({ response }) => response.statusCode === 503);
    expect(refused).toHaveLength(5);
    expect(refused[0]?.response.headers['retry-after']).toMatch(/^\d+$/);
    await request(crowded.url).get('/health').expect(200);
  } finally {
    for (const stream of streams) stream.close();
    await crowded.close();
  }
});

test('HEAD opens no stream that nobody would end', async () => {
  await eventually(() => withStream(service.url, async ({ response }) => expect(response.statusCode).toBe(200)));
  const status = await new Promise((resolve, reject) => {
    httpRequest(`${service.url}/ingestion/events`, { method: 'HEAD', agent: false }, (response) =>
      resolve(response.statusCode),
    )
      .once('error', reject)
      .end();
  });
  expect(status).toBe(405);
});

describe('with a second replica on the same database and folder', () => {
  test('changes that the other one makes arrive too, in their order and without repetition', async () => {
    const other = await startTestService({ database: service.database, directory: service.directory });
    try {
      await withStream(service.url, async (stream) => {
        const names = ['replica-1.csv', 'replica-2.csv', 'replica-3.csv'];
        for (const name of names) {
          await put(other.url, name, name);
          // Told with a later look at the ledger than the file before, which that look finds once more.
          await stream.wanted(ends(name), 1);
        }
        for (const name of names) {
          const told = stream.events.filter(ofFile(name)).map(({ data }) => data);
          const order = told.map(({ status }) => ['queued', 'loading', 'loaded'].indexOf(status));
          expect(order).toEqual([...order].sort());
          expect(new Set(told.map((file) => JSON.stringify(file))).size).toBe(told.length);
          expect(told.filter(({ status }) => status === 'loaded')).toHaveLength(1);
        }
      });
    } finally {
      await other.close();
    }
  });
});

/** Files as another replica would write them: all at one time, with `messageBytes` of text each. */
async function failFiles(database: TestDatabase, name: string, files: number, messageBytes = 10): Promise<void> {
  await database.query(
    `insert into source_files (name, path, origin, status, size_bytes, fingerprint, error_code, error_message, finished_at)
     select $1, '/' || $1 || '/' || n, 'upload', 'failed', 1, n::text, 'missing_header', repeat('x', $3), now()
       from generate_series(1, $2::int) n`,
    [name, files, messageBytes],
  );
}

describe('many changes at once', () => {
  test('each of 1,500 is told, and told once', async () => {
    const many = await startTestService();
    try {
      await withStream(many.url, async (stream) => {
        await failFiles(many.database, 'many.csv', 1500);
        await stream.wanted(ofFile('many.csv'), 1500);
        // Told by a later look at the ledger, which finds all of the others again.
        await failFiles(many.database, 'later.csv', 1);
        await stream.wanted(ofFile('later.csv'), 1);
        const told = stream.events.filter(ofFile('many.csv')).map(({ data }) => data.fileId);
        expect(told).toHaveLength(1500);
        expect(new Set(told).size).toBe(1500);
      });
    } finally {
      await many.close();
    }
  });

  test('a client that does not read is let go, and one that reads hears everything', async () => {
    const files = 14_000;
    const observed = await startObservedService();
    const connections = () =>
      new Promise<number>((resolve, reject) => {
        observed.app.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
      });
    const deaf = await openEventStream(observed.url);
    try {
      deaf.response.pause();
      deaf.response.socket.pause();
      await withStream(observed.url, async (stream) => {
        expect(await connections()).toBe(2);
        // More than the system keeps for a connection (4 MiB to send and 6 to receive) and the 1 MiB of the server.
        await failFiles(observed.database, 'much.csv', files, 1000);
        await eventually(async () => expect(await connections()).toBe(1));
        await eventually(() => expect(stream.events.filter(ofFile('much.csv'))).toHaveLength(files));
      });
    } finally {
      deaf.close();
      await observed.close();
    }
  });
});

test('a change or progress that comes late takes nothing back', async () => {
  const { connectionString } = service.database;
  const database = openDatabase({
    connectionString,
    applicationName: 'sluice-test',
    maxConnections: 1,
    onError: () => {},
  });
  const events = new FileEvents();
  const feed = new LiveFeed({ database, events });
  try {
    await failFiles(service.database, 'late.csv', 1);
    const [late] = await database.select().from(sourceFiles).where(eq(sourceFiles.name, 'late.csv'));
    if (late === undefined) throw new TypeError('no file');
    const told: (string | number)[] = [];
    const stop = feed.subscribe({
      file: ({ name, status }) => name === 'late.csv' && told.push(status),
      progress: ({ rowsRead }) => told.push(rowsRead),
      stats: () => {},
    });
    const at = (ms: number) => new Date(late.updatedAt.getTime() + ms);
    events.fileChanged({ ...late, status: 'loading', updatedAt: at(1000) });
    events.fileChanged({ ...late, status: 'queued', updatedAt: at(999) });
    events.fileChanged({ ...late, status: 'loading', updatedAt: at(1000) });
    const { fileId } = late;
    events.progressed({ fileId, bytesRead: 1, rowsRead: 1 });
    events.fileChanged({ ...late, status: 'loaded', updatedAt: at(1000) });
    events.progressed({ fileId, bytesRead: 2, rowsRead: 2 });
    stop();
    events.progressed({ fileId: fileId + 1, bytesRead: 3, rowsRead: 3 });
    expect(told).toEqual(['loading', 1, 'loaded']);
  } finally {
    feed.close();
    await database.$client.end();
  }
});

test('the end of the server ends the stream, promptly', async () => {
  const short = await startTestService();
  const stream = await openEventStream(short.url);
  const startedAt = performance.now();
  const closed = short.close();
  await eventually(() => expect(stream.isEnded).toBe(true));
  // Less than the two seconds after which requests that do not end are cut off.
  expect(performance.now() - startedAt).toBeLessThan(1500);
  await closed;
});
