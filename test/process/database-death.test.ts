import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseProxy } from '../support/database-proxy.ts';
import { processesBelow } from '../support/embedded-place.ts';
import { eventually } from '../support/eventually.ts';
import { expectExactly } from '../support/exact-load.ts';
import { HeldLoads } from '../support/held-loads.ts';
import { expectNothingLeaked } from '../support/leaks.ts';
import { ledgerRows, settledFile } from '../support/ledger.ts';
import { OwnCluster } from '../support/own-cluster.ts';
import { expectedPlain, plainFile } from '../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestDirectory } from '../support/service.ts';
import { SluiceProcess, spawnService } from '../support/sluice-process.ts';

const LARGE = { tag: 'large', to: 4000, badEvery: 50 };
const AFTER = { tag: 'after', to: 10 };
/** From the moment at which the database takes connections again. */
const WELL_WITHIN_MS = 5000;
/** How long it is watched for connection attempts while the database is away. */
const WATCHED_MS = 4000;

let cluster: OwnCluster;
let database: TestDatabase;
let directory: string;

beforeAll(async () => {
  cluster = await OwnCluster.start();
});

afterAll(() => cluster.clear());

beforeEach(async () => {
  directory = await createTestDirectory();
});

afterEach(() => rm(directory, { recursive: true, force: true }));

function start(databaseUrl: string): SluiceProcess {
  return spawnService({ databaseUrl, inputDirectory: directory, env: { COMMIT_ROWS: '500', RESCAN_MS: '500' } });
}

async function healthOf(url: string): Promise<number> {
  return (await fetch(`${url}/health`)).status;
}

/** The load of the large file, held behind its first commit. */
async function heldInTheMiddle(): Promise<{ hold: HeldLoads; backend: number; committed: number }> {
  const before = await HeldLoads.hold(database);
  writeFileSync(join(directory, 'large.csv'), plainFile(LARGE));
  await before.untilHeld();
  const hold = await before.passOneCommit();
  const backend = await hold.untilHeld();
  const [file] = await ledgerRows(database);
  expect(file).toMatchObject({ status: 'loading' });
  return { hold, backend, committed: file?.read ?? 0 };
}

/** Committed survives, in progress is gone, and all goes on: the shape of PostgreSQL's own 013_crash_restart.pl. */
async function expectGoesOn(service: SluiceProcess, url: string): Promise<void> {
  const back = performance.now();
  await eventually(async () => expect(await healthOf(url)).toBe(200), WELL_WITHIN_MS);
  expect(performance.now() - back).toBeLessThan(WELL_WITHIN_MS);
  expect(await settledFile(database, 'large.csv')).toMatchObject({ status: 'loaded', read: LARGE.to, failures: 0 });
  writeFileSync(join(directory, 'after.csv'), plainFile(AFTER));
  expect(await settledFile(database, 'after.csv')).toMatchObject({ status: 'loaded' });
  await expectExactly(database, [expectedPlain('large.csv', LARGE), expectedPlain('after.csv', AFTER)]);
  await expectNothingLeaked({ database, directory });
  expect(service.child.exitCode).toBeNull();
}

describe('a database server that dies', () => {
  beforeEach(async () => {
    database = await cluster.createDatabase();
  });

  it('A3 I1 I2 I4 with a backend killed in mid-COPY recovers, and so does the load, behind its last commit', async () => {
    const service = start(database.connectionString);
    const url = await service.ready();
    const { backend, committed } = await heldInTheMiddle();
    process.kill(backend, 'SIGKILL');
    // All sessions end, also the one that held the load, and the server starts anew from its log.
    await eventually(async () => expect(await database.query('select pg_is_in_recovery()')).toHaveLength(1));
    await expectGoesOn(service, url);
    expect((await ledgerRows(database))[0]?.read).toBeGreaterThan(committed);
  });

  it('A3 I1 I2 I4 with all its processes is waited for in peace, and then the load goes on behind its last commit', async () => {
    const proxy = await DatabaseProxy.start(database.connectionString);
    try {
      const service = start(proxy.connectionString);
      const url = await service.ready();
      const { hold, committed } = await heldInTheMiddle();
      await cluster.kill();
      await hold.release();
      await eventually(async () => expect(await healthOf(url)).toBe(503));
      proxy.attempts.clear();
      const until = performance.now() + WATCHED_MS;
      let asked = 0;
      for (; performance.now() < until; asked += 1) {
        expect(await healthOf(url)).toBe(503);
        expect((await fetch(`${url}/health/live`)).status).toBe(200);
        await delay(20);
      }
      expect(asked).toBeGreaterThan(WATCHED_MS / 1000);
      expect(proxy.attempts.get('sluice-queue')).toBeGreaterThan(0);
      for (const [name, attempts] of proxy.attempts)
        expect(attempts, `connections that ${name} tried`).toBeLessThanOrEqual(WATCHED_MS / 1000 + 1);
      await cluster.restart();
      const [file] = await ledgerRows(database);
      expect(file?.read).toBeGreaterThanOrEqual(committed);
      await expectGoesOn(service, url);
    } finally {
      await proxy.close();
    }
  }, 60_000);
});

describe('sessions that an operator ends', () => {
  beforeEach(async () => {
    database = await createTestDatabase();
  });

  afterEach(() => database.drop());

  const terminate = () =>
    database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name like 'sluice%'`,
    );

  it('A3 I1 all of them, idle or in mid-COPY, are replaced', async () => {
    const service = start(database.connectionString);
    const url = await service.ready();
    for (const path of ['/health', '/analytics/users']) expect((await fetch(`${url}${path}`)).status).toBe(200);
    expect((await terminate()).length).toBeGreaterThan(2);
    const { hold, committed } = await heldInTheMiddle();
    await terminate();
    await hold.release();
    await expectGoesOn(service, url);
    expect((await ledgerRows(database))[0]?.read).toBeGreaterThan(committed);
  });
});

describe('the embedded PostgreSQL that dies', () => {
  it('A3 A7 I1 is started again by the service that it belongs to, which goes on, and stops it in the end', async () => {
    const input = join(directory, 'input');
    const service = new SluiceProcess('main.js', [], {
      cwd: directory,
      env: { PORT: '0', SETTLE_MS: '50', RESCAN_MS: '500', LOADERS: '1', INPUT_DIR: input },
    });
    const url = await service.ready();
    const ofCluster = () => processesBelow(join(directory, 'data'));
    expect(ofCluster().length).toBeGreaterThan(3);
    const body = plainFile(AFTER);
    expect((await fetch(`${url}/uploads/before.csv?wait=20`, { method: 'PUT', body })).status).toBe(200);
    for (const pid of ofCluster()) process.kill(pid, 'SIGKILL');
    writeFileSync(join(input, 'large.csv'), plainFile(LARGE));
    await eventually(async () => {
      const { data } = (await (await fetch(`${url}/ingestion/files?name=large.csv`)).json()) as { data: unknown[] };
      expect(data).toMatchObject([{ status: 'loaded', rowsRead: LARGE.to }]);
    });
    expect(await healthOf(url)).toBe(200);
    expect((await fetch(`${url}/uploads/again.csv?wait=20`, { method: 'PUT', body })).status).toBe(200);
    const stats = (await (await fetch(`${url}/ingestion/stats`)).json()) as { rows: unknown };
    const rejected = LARGE.to / LARGE.badEvery;
    expect(stats).toMatchObject({
      files: { loaded: 2, duplicate: 1, queued: 0, loading: 0, failed: 0 },
      rows: { loaded: LARGE.to - rejected + AFTER.to, rejected },
    });
    expect(await service.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(ofCluster()).toEqual([]);
  });
});
