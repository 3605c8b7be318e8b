import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { appendFile, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseProxy } from '../../support/database-proxy.ts';
import { eventually } from '../../support/eventually.ts';
import { expectAccounting, expectExactly } from '../../support/exact-load.ts';
import { HeldLoads } from '../../support/held-loads.ts';
import { type LedgerRow, ledgerRows, settledFile, settledVersions } from '../../support/ledger.ts';
import { expectedPlain, HEADER, plainFile, plainRows } from '../../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { createTestDirectory, startTestService, type TestService } from '../../support/service.ts';

const LARGE = { tag: 'large', to: 6_000, badEvery: 50 };
/** More than the megabyte that a load reads ahead of a database that does not take its rows. */
const HIDDEN_ROWS = 20_000;
const SMALL_COMMITS = { COMMIT_ROWS: '500', RESCAN_MS: '300' };

let directory: string;
let database: TestDatabase;
let path: string;
const running: TestService[] = [];

beforeEach(async () => {
  directory = await createTestDirectory();
  database = await createTestDatabase();
  path = join(directory, 'large.csv');
});

afterEach(async () => {
  for (const service of running.splice(0)) await service.close();
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

async function start(env: Record<string, string> = SMALL_COMMITS): Promise<TestService> {
  const service = await startTestService({ directory, database, env });
  running.push(service);
  return service;
}

/** Leaves the load of the large file held behind its first commit. */
async function holdInTheMiddle(): Promise<{ hold: HeldLoads; committed: LedgerRow }> {
  const before = await HeldLoads.hold(database);
  writeFileSync(path, plainFile(LARGE));
  await before.untilHeld();
  const hold = await before.passOneCommit();
  const [committed] = await ledgerRows(database);
  if (committed === undefined) throw new TypeError('a commit was let through and the ledger is empty');
  expect(committed).toMatchObject({ name: 'large.csv', status: 'loading' });
  expect(committed.read).toBeGreaterThan(0);
  await hold.untilHeld();
  return { hold, committed };
}

async function terminateLoader(hold: HeldLoads): Promise<void> {
  await database.query('select pg_terminate_backend($1)', [await hold.untilHeld()]);
}

describe('a file larger than COMMIT_ROWS', () => {
  it('I2 is committed piece by piece; every snapshot in between adds up', async () => {
    await start();
    const { hold, committed } = await holdInTheMiddle();
    expect(committed.read).toBeLessThan(LARGE.to);
    expect(committed.bytesCommitted).toBeLessThan(committed.sizeBytes);
    await expectAccounting(database);
    const [{ rows } = { rows: 0 }] = await database.query<{ rows: number }>(
      'select count(*)::int as rows from user_events',
    );
    await expectExactly(database, [expectedPlain('large.csv', { ...LARGE, to: committed.read })]);
    expect(rows).toBe(committed.loaded);
    await hold.release();
    await eventually(async () => {
      await expectAccounting(database);
      expect(await ledgerRows(database)).toMatchObject([{ status: 'loaded' }]);
    });
    await expectExactly(database, [expectedPlain('large.csv', LARGE)]);
  });

  it('A3 I1 goes on behind its last commit when its connection is ended', async () => {
    await start();
    const { hold, committed } = await holdInTheMiddle();
    await terminateLoader(hold);
    await hold.release();
    const row = await settledFile(database, 'large.csv');
    expect(row).toMatchObject({ id: committed.id, status: 'loaded', attempts: 2, failures: 0, follows: null });
    await expectExactly(database, [expectedPlain('large.csv', LARGE)]);
  });

  it('I1 is finished, or goes on at the next start, when the service is stopped', async () => {
    const first = await start();
    const { hold } = await holdInTheMiddle();
    const stopped = first.service.stop();
    await hold.release();
    await stopped;
    await expectAccounting(database);
    await start();
    expect(await settledFile(database, 'large.csv')).toMatchObject({ status: 'loaded', read: LARGE.to });
    await expectExactly(database, [expectedPlain('large.csv', LARGE)]);
  });

  it('C3 I1 I5 that grows in the middle of its load goes on in the same ledger row', async () => {
    await start();
    const { hold, committed } = await holdInTheMiddle();
    await appendFile(path, plainRows({ ...LARGE, from: LARGE.to, to: LARGE.to + 50 }));
    await hold.release();
    await eventually(async () =>
      expect(await ledgerRows(database)).toMatchObject([{ status: 'loaded', read: LARGE.to + 50 }]),
    );
    expect(await settledFile(database, 'large.csv')).toMatchObject({ id: committed.id, follows: null });
    await expectExactly(database, [expectedPlain('large.csv', { ...LARGE, to: LARGE.to + 50 })]);
  });

  it('C3 I5 that is overwritten in the middle of its load starts from scratch: nothing of the old bytes remains', async () => {
    await start();
    const { hold, committed } = await holdInTheMiddle();
    writeFileSync(path, plainFile({ tag: 'other', to: 3000, badEvery: 7 }));
    await hold.release();
    expect(await settledFile(database, 'large.csv')).toMatchObject({
      id: committed.id,
      status: 'loaded',
      read: 3000,
      follows: null,
    });
    await expectExactly(database, [expectedPlain('large.csv', { tag: 'other', to: 3000, badEvery: 7 })]);
  });

  it('C2 C3 I5 that is replaced by another file is loaded whole, and then the other as the version that follows', async () => {
    await start();
    const { hold, committed } = await holdInTheMiddle();
    writeFileSync(`${path}.tmp`, plainFile({ tag: 'other', to: 3000 }));
    await rename(`${path}.tmp`, path);
    await hold.release();
    const [, second] = await settledVersions(database, 'large.csv', 2);
    expect(second).toMatchObject({ status: 'loaded', read: 3000, follows: committed.id });
    await expectExactly(database, [expectedPlain('large.csv', LARGE, { tag: 'other', to: 3000 })]);
  });

  it('C3 I5 that is deleted is loaded whole from what is still open', async () => {
    await start();
    const { hold } = await holdInTheMiddle();
    await rm(path);
    await hold.release();
    expect(await settledFile(database, 'large.csv')).toMatchObject({ status: 'loaded' });
    await expectExactly(database, [expectedPlain('large.csv', LARGE)]);
  });

  it('C3 I3 that is deleted and then interrupted fails, and its committed rows are taken out again', async () => {
    await start();
    const { hold } = await holdInTheMiddle();
    await rm(path);
    await terminateLoader(hold);
    await hold.release();
    expect(await settledFile(database, 'large.csv')).toMatchObject({
      status: 'failed',
      errorCode: 'unreadable',
      read: 0,
    });
    await expectExactly(database, []);
  });
});

describe('a change while a file is read that hides behind the same size and time', () => {
  it.each([
    ['in one commit', {}],
    ['in many', SMALL_COMMITS],
  ])('I5 is found before the end, and never a mix is loaded: %s', async (_, env) => {
    await start(env);
    const hold = await HeldLoads.hold(database);
    writeFileSync(path, plainFile({ tag: 'before', to: HIDDEN_ROWS }));
    await hold.untilHeld();
    const { mtimeNs } = await stat(path, { bigint: true });
    // Of the same length, in place, and with the old time to the nanosecond.
    const handle = await open(path, 'r+');
    await handle.write(plainRows({ tag: 'behind', to: HIDDEN_ROWS }), HEADER.length);
    await handle.close();
    execFileSync('touch', [
      '-d',
      `@${mtimeNs / 1_000_000_000n}.${String(mtimeNs % 1_000_000_000n).padStart(9, '0')}`,
      path,
    ]);
    await hold.release();
    expect(await settledFile(database, 'large.csv')).toMatchObject({ status: 'loaded', read: HIDDEN_ROWS });
    await expectExactly(database, [expectedPlain('large.csv', { tag: 'behind', to: HIDDEN_ROWS })]);
  });
});

describe('behind a network that fails', () => {
  let proxy: DatabaseProxy;

  beforeEach(async () => {
    proxy = await DatabaseProxy.start(database.connectionString);
  });

  // After the services, which are stopped by the outer hook only later, and endure it.
  afterEach(() => proxy.close());

  it('B3 the database may be away at the start: the service waits for it, and then loads what is there', async () => {
    proxy.cut();
    writeFileSync(path, plainFile({ tag: 'early', to: 10 }));
    const starting = startTestService({
      directory,
      database: { ...database, connectionString: proxy.connectionString },
    });
    await eventually(() => expect(proxy.refused).toBeGreaterThan(0));
    proxy.restore();
    const service = await starting;
    try {
      expect(await settledFile(database, 'large.csv')).toMatchObject({ status: 'loaded', loaded: 10 });
    } finally {
      await service.close();
    }
  });

  it('B3 I1 I4 the database may be away for seconds in mid-load: the service says so, and goes on by itself', async () => {
    const service = await startTestService({
      directory,
      database: { ...database, connectionString: proxy.connectionString },
      env: SMALL_COMMITS,
    });
    try {
      const { hold } = await holdInTheMiddle();
      proxy.cut();
      await hold.release();
      writeFileSync(join(directory, 'meanwhile.csv'), plainFile({ tag: 'meanwhile', to: 10 }));
      await eventually(async () => expect((await fetch(`${service.url}/health`)).status).toBe(503));
      expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
      proxy.restore();
      expect(await settledFile(database, 'large.csv')).toMatchObject({ status: 'loaded', failures: 0 });
      expect(await settledFile(database, 'meanwhile.csv')).toMatchObject({ status: 'loaded' });
      await eventually(async () => expect((await fetch(`${service.url}/health`)).status).toBe(200));
      await expectExactly(database, [
        expectedPlain('large.csv', LARGE),
        expectedPlain('meanwhile.csv', { tag: 'meanwhile', to: 10 }),
      ]);
    } finally {
      await service.close();
    }
  });

  it('A10 I1 I4 the answer to COMMIT may be lost: of an ordinary file, and in the middle of a large one', async () => {
    const service = await startTestService({
      directory,
      database: { ...database, connectionString: proxy.connectionString },
      env: { ...SMALL_COMMITS, AFTER_LOAD: 'delete' },
    });
    try {
      for (const rows of [{ tag: 'ordinary', to: 300, badEvery: 9 }, LARGE]) {
        proxy.commitRepliesToLose = 1;
        const name = `${rows.tag}.csv`;
        writeFileSync(join(directory, name), plainFile(rows));
        expect(await settledFile(database, name)).toMatchObject({ status: 'loaded', read: rows.to, failures: 0 });
        expect(proxy.commitRepliesToLose).toBe(0);
        // The load ended without this process hearing of it; the next scan puts the file away.
        await eventually(async () => expect(await stat(join(directory, name)).catch(() => 'gone')).toBe('gone'));
      }
      await expectExactly(database, [
        expectedPlain('ordinary.csv', { tag: 'ordinary', to: 300, badEvery: 9 }),
        expectedPlain('large.csv', LARGE),
      ]);
    } finally {
      await service.close();
    }
  });

  it('A10 I1 I4 the answer to COMMIT may be lost: of an upload, whose client hears 503, sends it again, and it is loaded once', async () => {
    const service = await startTestService({
      directory,
      database: { ...database, connectionString: proxy.connectionString },
    });
    try {
      const rows = { tag: 'uploaded', to: 50, badEvery: 9 };
      const send = () => fetch(`${service.url}/uploads/up.csv?wait=20`, { method: 'PUT', body: plainFile(rows) });
      proxy.uploadCommitRepliesToLose = 1;
      const lost = await send();
      expect(proxy.uploadCommitRepliesToLose).toBe(0);
      expect(lost.status).toBe(503);
      expect(lost.headers.get('retry-after')).not.toBeNull();
      expect((await send()).status).toBe(200);
      await eventually(async () => {
        const open = (await ledgerRows(database)).filter(({ status }) => status === 'queued' || status === 'loading');
        expect(open).toEqual([]);
      });
      await expectExactly(database, [expectedPlain('up.csv', rows)], { byName: false });
    } finally {
      await service.close();
    }
  });
});
