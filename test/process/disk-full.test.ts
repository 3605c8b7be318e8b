import { mkdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { expectExactly } from '../support/exact-load.ts';
import { expectNothingLeaked } from '../support/leaks.ts';
import { settledFile } from '../support/ledger.ts';
import { expectedPlain, plainFile } from '../support/plain-events.ts';
import { type TestDatabase, withClient } from '../support/postgres.ts';
import { createTestDirectory } from '../support/service.ts';
import { SluiceProcess } from '../support/sluice-process.ts';
import { canMount, insideOf, onTmpfs } from '../support/tmpfs.ts';

const DISK = '160m';
const MEGABYTE = 1024 * 1024;
/** About 8 MB in the table, and as much in the write-ahead log. */
const LARGE = { tag: 'large', to: 60_000, badEvery: 100 };

let directory: string;
let service: SluiceProcess | undefined;
let url: string;
let database: TestDatabase;

beforeEach(async () => {
  directory = await createTestDirectory();
});

afterEach(async () => {
  await service?.kill('SIGTERM');
  await rm(directory, { recursive: true, force: true });
});

/** The whole service on a small disk of its own, with its database on it. */
async function startOnSmallDisk(): Promise<void> {
  const dataDirectory = join(directory, 'data');
  await mkdir(dataDirectory);
  service = new SluiceProcess('main.js', [], {
    cwd: directory,
    wrapper: onTmpfs(dataDirectory, DISK),
    env: { PORT: '0', SETTLE_MS: '50', RESCAN_MS: '500', LOADERS: '1', INPUT_DIR: join(directory, 'input') },
  });
  url = await service.ready();
  const connectionString = await readFile(seen('database-url'), 'utf8');
  database = {
    connectionString,
    query: (sql, values = []) =>
      withClient(connectionString, async (client) => (await client.query(sql, [...values])).rows),
    drop: async () => {},
  };
}

/** A path on that disk, from outside. */
function seen(name: string): string {
  return insideOf(service?.child.pid ?? 0, join(directory, 'data', name));
}

/** Takes all room of the disk but so much. */
async function leaveRoomFor(bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(seen('.'));
  await writeFile(seen('ballast'), Buffer.alloc(Math.max(0, bavail * bsize - bytes), 1));
}

async function expectLoadedOnceThereIsRoom(): Promise<void> {
  await rm(seen('ballast'));
  await eventually(async () => expect((await fetch(`${url}/health`)).status).toBe(200));
  expect(await settledFile(database, 'large.csv')).toMatchObject({ status: 'loaded', failures: 0 });
  await expectExactly(database, [expectedPlain('large.csv', LARGE)]);
  await expectNothingLeaked({ database, directory: join(directory, 'input') });
}

describe.skipIf(!canMount)('the disk of the database', () => {
  it('B7 I1 I3 that has no room for the rows keeps the file waiting, which is not its failure, until there is room', async () => {
    await startOnSmallDisk();
    await leaveRoomFor(3 * MEGABYTE);
    await writeFile(join(directory, 'input', 'large.csv'), plainFile(LARGE));
    await eventually(async () => {
      const [file] = await database.query<{ attempts: number }>(
        'select status, failures, rows_read, attempts from source_files',
      );
      expect(file).toMatchObject({ status: 'queued', failures: 0, rows_read: '0' });
      expect(file?.attempts).toBeGreaterThan(2);
    });
    expect(service?.stdout.match(/No space left on device/g)).toHaveLength(1);
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    await expectLoadedOnceThereIsRoom();
  }, 60_000);

  it('B7 I1 I4 that has no room for the log ends the server, which says so, and comes back by itself', async () => {
    await startOnSmallDisk();
    await leaveRoomFor(0);
    // The next segment of the log can not be made, which PostgreSQL takes for the end.
    await withClient(database.connectionString, async (client) => {
      client.on('error', () => {});
      await client.query('select pg_switch_wal(); create table filler as select 1').catch(() => {});
    });
    await writeFile(join(directory, 'input', 'large.csv'), plainFile(LARGE));
    await eventually(async () => expect((await fetch(`${url}/health`)).status).toBe(503));
    const upload = await fetch(`${url}/uploads/up.csv`, { method: 'PUT', body: plainFile({ tag: 'up', to: 1 }) });
    expect(upload.status).toBe(503);
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    await expectLoadedOnceThereIsRoom();
  }, 60_000);
});
