import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseProxy } from '../support/database-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { expectExactly } from '../support/exact-load.ts';
import { ledgerRows, settledFile } from '../support/ledger.ts';
import { expectedPlain, plainFile } from '../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { memoryOf } from '../support/process-memory.ts';
import { createTestDirectory } from '../support/service.ts';
import { spawnService } from '../support/sluice-process.ts';

const isSoak = process.env['SLUICE_SOAK'] === '1';
const BYTES_PER_SECOND = 64 * 1024;
const LARGE = { tag: 'large', to: 100_000, badEvery: 50 };
const MEGABYTES_ALLOWED = 200;
/** A small file has a connection as slow as the large one's, and its own loader. */
const SMALL_WITHIN_MS = 10_000;

let database: TestDatabase;
let directory: string;
let proxy: DatabaseProxy;

beforeEach(async () => {
  database = await createTestDatabase();
  directory = await createTestDirectory();
  proxy = await DatabaseProxy.start(database.connectionString);
});

afterEach(async () => {
  await proxy.close();
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

const megabytesOf = async (pid: number) => (await memoryOf(pid)).now / 1024 / 1024;

describe.runIf(isSoak)('a database that takes 64 KB a second', () => {
  it('B2 I1 I6 holds up the reading of a large file, not the small ones, and memory stays as it was', async () => {
    const service = spawnService({
      databaseUrl: proxy.connectionString,
      inputDirectory: directory,
      env: { LOADERS: '2', RESCAN_MS: '500' },
    });
    await service.ready();
    const pid = service.child.pid ?? 0;
    const idle = await megabytesOf(pid);
    proxy.bytesPerSecond = BYTES_PER_SECOND;
    writeFileSync(join(directory, 'large.csv'), plainFile(LARGE));
    await eventually(async () => expect(await ledgerRows(database)).toMatchObject([{ status: 'loading' }]));
    const small: string[] = [];
    let most = 0;
    for (let status = 'loading'; status === 'loading' || status === 'queued'; ) {
      const name = `${small.length}.csv`;
      small.push(name);
      writeFileSync(join(directory, name), plainFile({ tag: name, to: 20 }));
      expect(await settledFile(database, name, SMALL_WITHIN_MS)).toMatchObject({ status: 'loaded', failures: 0 });
      most = Math.max(most, await megabytesOf(pid));
      status = (await ledgerRows(database)).find((row) => row.name === 'large.csv')?.status ?? '';
    }
    expect(most - idle).toBeLessThan(MEGABYTES_ALLOWED);
    expect(small.length).toBeGreaterThan(10);
    expect(await settledFile(database, 'large.csv')).toMatchObject({ status: 'loaded', attempts: 1, failures: 0 });
    await expectExactly(database, [
      expectedPlain('large.csv', LARGE),
      ...small.map((name) => expectedPlain(name, { tag: name, to: 20 })),
    ]);
  }, 900_000);
});
