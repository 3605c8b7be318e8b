import { writeFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { expectExactly } from '../support/exact-load.ts';
import type { ExpectedFile } from '../support/expected-events.ts';
import { holdingsOf } from '../support/leaks.ts';
import { ledgerRows, settledFile, settledRows } from '../support/ledger.ts';
import { expectedPlain, plainFile } from '../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { putFiles } from '../support/put-files.ts';
import { createTestDirectory } from '../support/service.ts';
import { type SluiceProcess, spawnService } from '../support/sluice-process.ts';

const isSoak = process.env['SLUICE_SOAK'] === '1';
/** The longest queue of file system events that Linux keeps is 16,384. */
const BURST = isSoak ? 20_000 : 5000;
const MANY = isSoak ? 100_000 : 10_000;
const RESCAN_MS = 5000;
/** What a service opens beside the files that it loads. */
const OTHER_DESCRIPTORS = 64;
const PORTION_FILES = 256;

let database: TestDatabase;
let directory: string;
let elsewhere: string;

beforeEach(async () => {
  database = await createTestDatabase();
  directory = await createTestDirectory();
  elsewhere = await createTestDirectory();
});

afterEach(async () => {
  await database.drop();
  for (const path of [directory, elsewhere]) await rm(path, { recursive: true, force: true });
});

const nameOf = (n: number) => `${n}.csv`;

async function writeOneRowFiles(count: number): Promise<void> {
  for (let from = 0; from < count; from += 100) {
    const numbers = Array.from({ length: Math.min(100, count - from) }, (_, n) => from + n);
    const content = (n: number) => plainFile({ tag: nameOf(n), to: 1 });
    await putFiles(
      directory,
      numbers.map((n) => ({ name: nameOf(n), content: content(n) })),
    );
  }
}

/** Each row once, and in the file that its session names: asked in one go, since a question for each takes a minute. */
async function expectEachOnce(count: number, ...others: readonly ExpectedFile[]): Promise<void> {
  const events = Array.from({ length: count }, (_, n) => expectedPlain('', { tag: nameOf(n), to: 1 }).events).flat();
  const all = { name: '', events: [...events, ...others.flatMap((other) => other.events)], rejects: [] };
  await expectExactly(database, [all], { byName: false });
  const misplaced = await database.query(
    `select f.name, e.session_id from user_events e join source_files f using (file_id)
      where regexp_replace(e.session_id, '-\\d+$', '') <> f.name limit 5`,
  );
  expect(misplaced).toEqual([]);
}

async function countOf(query: string): Promise<number> {
  const [row] = await database.query<{ n: number }>(`select count(*)::int as n from source_files ${query}`);
  return row?.n ?? 0;
}

function start(env: Record<string, string>, preload: readonly string[]): SluiceProcess {
  return spawnService({ databaseUrl: database.connectionString, inputDirectory: directory, env, preload });
}

describe('many files', () => {
  it(`C4 I1 I3 ${BURST} that come while the event loop stands still are all found within two scans, without any event`, async () => {
    const service = start(
      {
        RESCAN_MS: String(RESCAN_MS),
        // In the long run the real queue of events overflows.
        SLUICE_FILE_FAULT: `lstat:busy@1~first.csv${isSoak ? '' : ',watch:silent'}`,
      },
      ['file-system.mjs'],
    );
    await service.ready();
    writeFileSync(join(directory, 'first.csv'), plainFile({ tag: 'first.csv', to: 1 }));
    await eventually(() => expect(service.stderr).toContain('fault lstat busy'));
    await writeOneRowFiles(BURST);
    const since = performance.now();
    await eventually(async () => expect(await countOf('')).toBe(BURST + 1), 60_000);
    const tookMs = performance.now() - since;
    expect(tookMs).toBeLessThan(2 * RESCAN_MS);
    await settledRows(database, BURST + 1, 120_000);
    await expectEachOnce(BURST, expectedPlain('', { tag: 'first.csv', to: 1 }));
  }, 240_000);

  it(`C10 I1 I6 ${MANY} of one row are loaded once each with few of them open, and do not wait for a giant`, async () => {
    const goOn = join(elsewhere, 'go-on');
    const service = start(
      {
        LOADERS: '2',
        // The first pass over the giant, and every read of it, waits for a disk that does not answer.
        SLUICE_FILE_FAULT: 'read:wait~giant.csv',
        SLUICE_FILE_FAULT_UNTIL: goOn,
      },
      ['file-system.mjs'],
    );
    const url = await service.ready();
    const giant = { tag: 'giant.csv', to: 3000 };
    writeFileSync(join(elsewhere, 'giant.csv'), plainFile(giant));
    await rename(join(elsewhere, 'giant.csv'), join(directory, 'giant.csv'));
    await eventually(async () => expect(await ledgerRows(database)).toMatchObject([{ status: 'loading' }]));

    let most = 0;
    let slowest = 0;
    let isOver = false;
    const watching = (async () => {
      while (!isOver) {
        const asked = performance.now();
        expect((await fetch(`${url}/health/live`)).status).toBe(200);
        slowest = Math.max(slowest, performance.now() - asked);
        most = Math.max(most, (await holdingsOf(service.child.pid ?? 0)).descriptors);
      }
    })();
    try {
      await writeOneRowFiles(MANY);
      await eventually(async () => expect(await countOf(`where status = 'loaded'`)).toBe(MANY), 300_000);
    } finally {
      isOver = true;
      await watching;
    }
    // The giant holds one of the two loaders.
    expect(most).toBeLessThanOrEqual(PORTION_FILES + OTHER_DESCRIPTORS);
    expect(slowest).toBeLessThan(2000);
    expect(await countOf(`where status = 'loading' and name = 'giant.csv'`)).toBe(1);
    writeFileSync(goOn, '');
    const loaded = await settledFile(database, 'giant.csv');
    expect(loaded).toMatchObject({ status: 'loaded', attempts: 1 });
    await expectEachOnce(MANY, expectedPlain('', giant));
  }, 400_000);
});
