import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { appendFile, chmod, chown, rename, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { expectAccounting, expectExactly } from '../../support/exact-load.ts';
import { HeldLoads } from '../../support/held-loads.ts';
import { ledgerRows, settledFile, settledRows, settledVersions } from '../../support/ledger.ts';
import { expectedPlain, plainFile } from '../../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { createTestDirectory, startTestService, type TestService } from '../../support/service.ts';
import { spawnService } from '../../support/sluice-process.ts';

const LARGE = { tag: 'large', to: 6000, badEvery: 50 };
const NOBODY = 65_534;
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];

let directory: string;
let elsewhere: string;
let database: TestDatabase;
let path: string;
const running: TestService[] = [];

beforeEach(async () => {
  directory = await createTestDirectory();
  elsewhere = await createTestDirectory();
  database = await createTestDatabase();
  path = join(directory, 'large.csv');
});

afterEach(async () => {
  for (const service of running.splice(0)) await service.close();
  await database.drop();
  for (const each of [directory, elsewhere]) await rm(each, { recursive: true, force: true });
});

/** Starts a service, and leaves its load of the large file held behind the first of its commits. */
async function holdInTheMiddle(): Promise<HeldLoads> {
  running.push(await startTestService({ directory, database, env: { COMMIT_ROWS: '500', RESCAN_MS: '300' } }));
  const before = await HeldLoads.hold(database);
  writeFileSync(path, plainFile(LARGE));
  await before.untilHeld();
  const hold = await before.passOneCommit();
  await hold.untilHeld();
  return hold;
}

describe('a file that is changed while it is read', () => {
  it('C3 I5 by being cut off is loaded as what is left of it, and no row of the rest remains', async () => {
    const hold = await holdInTheMiddle();
    await truncate(path, plainFile({ ...LARGE, to: 400 }).length);
    await hold.release();
    const row = await settledFile(database, 'large.csv');
    expect(row).toMatchObject({ status: 'loaded', read: 400, failures: 0, follows: null });
    await expectExactly(database, [expectedPlain('large.csv', { ...LARGE, to: 400 })]);
  });

  it('C3 I3 by being emptied fails for its missing header, and no row of it remains', async () => {
    const hold = await holdInTheMiddle();
    await truncate(path, 0);
    await hold.release();
    expect(await settledFile(database, 'large.csv')).toMatchObject({ status: 'failed', errorCode: 'missing_header' });
    await expectExactly(database, []);
  });

  it('C3 I5 by losing every permission is loaded whole from what is open', async () => {
    const hold = await holdInTheMiddle();
    await chmod(path, 0o000);
    await hold.release();
    expect(await settledFile(database, 'large.csv')).toMatchObject({ status: 'loaded', failures: 0 });
    await expectExactly(database, [expectedPlain('large.csv', LARGE)]);
  });

  it('C3 I1 by being renamed out of the folder is loaded whole', async () => {
    const hold = await holdInTheMiddle();
    await rename(path, join(elsewhere, 'away.csv'));
    await hold.release();
    expect(await settledFile(database, 'large.csv')).toMatchObject({ status: 'loaded', failures: 0 });
    await expectExactly(database, [expectedPlain('large.csv', LARGE)]);
  });

  it('C3 C11 I1 by being renamed within the folder is loaded whole, and its new name is a duplicate', async () => {
    const hold = await holdInTheMiddle();
    await rename(path, join(directory, 'renamed.csv'));
    await hold.release();
    const { id } = await settledFile(database, 'large.csv');
    expect(await settledFile(database, 'renamed.csv')).toMatchObject({ status: 'duplicate', duplicateOf: id });
    await expectExactly(database, [expectedPlain('large.csv', LARGE)]);
  });

  it('C2 I1 by a rename over it with the same bytes is loaded once, and the new one is a duplicate', async () => {
    const hold = await holdInTheMiddle();
    writeFileSync(`${path}.tmp`, plainFile(LARGE));
    await rename(`${path}.tmp`, path);
    await hold.release();
    const [first, second] = await settledVersions(database, 'large.csv', 2);
    expect(first).toMatchObject({ status: 'loaded', read: LARGE.to });
    expect(second).toMatchObject({ status: 'duplicate', duplicateOf: first?.id });
    await expectExactly(database, [expectedPlain('large.csv', LARGE)]);
  });
});

describe('a file that waits in the queue', () => {
  it('C3 I3 and is deleted before anybody has read it fails as unreadable and is not forgotten; one that comes back is loaded', async () => {
    const hold = await holdInTheMiddle();
    const waiting = join(directory, 'waiting.csv');
    writeFileSync(waiting, plainFile({ tag: 'waiting', to: 5 }));
    await eventually(async () => expect(await ledgerRows(database)).toMatchObject([{}, { status: 'queued' }]));
    await rename(waiting, join(elsewhere, 'waiting.csv'));
    await hold.release();
    const gone = await settledFile(database, 'waiting.csv');
    expect(gone).toMatchObject({ status: 'failed', errorCode: 'unreadable', loaded: 0 });
    expect(gone.errorMessage).toContain('no longer there');
    await rename(join(elsewhere, 'waiting.csv'), waiting);
    await eventually(async () =>
      expect(await ledgerRows(database)).toMatchObject([{}, { id: gone.id, status: 'loaded', loaded: 5 }]),
    );
    await expectExactly(database, [
      expectedPlain('large.csv', LARGE),
      expectedPlain('waiting.csv', { tag: 'waiting', to: 5 }),
    ]);
  });

  it.skipIf(!canRunAsNobody())(
    'C3 I3 and that this user may not read fails as unreadable after a few looks, and a retry loads it',
    async () => {
      await chown(directory, NOBODY, NOBODY);
      await chmod(directory, 0o711);
      writeFileSync(path, plainFile({ tag: 'secret', to: 5 }), { mode: 0o000 });
      const service = spawnService({
        databaseUrl: database.connectionString,
        inputDirectory: directory,
        env: { RESCAN_MS: '100' },
        wrapper: AS_NOBODY,
      });
      const url = await service.ready();
      const failed = await eventually(async () => {
        const [row] = await ledgerRows(database);
        expect(row).toMatchObject({ status: 'failed', errorCode: 'unreadable', failures: 5 });
        return row;
      });
      expect(failed?.errorMessage).toContain('EACCES');
      await chmod(path, 0o644);
      const retry = await fetch(`${url}/ingestion/files/${failed?.id}/retry`, { method: 'POST' });
      expect(retry.status).toBe(202);
      expect(await settledFile(database, 'large.csv')).toMatchObject({ status: 'loaded', loaded: 5 });
    },
  );
});

describe('a slow writer', () => {
  it('C1 I1 I5 that pauses for longer than SETTLE_MS, in the middle of rows, gets each row once, however many versions that makes', async () => {
    running.push(await startTestService({ directory, database, env: { SETTLE_MS: '50', RESCAN_MS: '200' } }));
    const rows = { tag: 'slow', to: 160, badEvery: 11 };
    const bytes = Buffer.from(plainFile(rows));
    writeFileSync(path, bytes.subarray(0, 1024));
    for (let from = 1024; from < bytes.length; from += 1024) {
      // The pauses are the writer's: twice as long as a file has to rest, and once until it has been loaded.
      if (from === 5 * 1024) await settledSomething();
      await delay(100);
      await appendFile(path, bytes.subarray(from, from + 1024));
    }
    await eventually(async () => {
      const versions = await ledgerRows(database);
      expect(versions.filter(({ status }) => status !== 'loaded')).toEqual([]);
      expect(versions.at(-1)?.sizeBytes).toBe(bytes.length);
    });
    expect((await ledgerRows(database)).length).toBeGreaterThan(1);
    await expectExactly(database, [expectedPlain('large.csv', rows)]);
  });

  async function settledSomething(): Promise<void> {
    await eventually(async () => {
      const versions = await ledgerRows(database);
      expect(versions.length).toBeGreaterThan(0);
      expect(versions.every(({ status }) => status === 'loaded')).toBe(true);
    });
  }
});

describe('a thousand files', () => {
  it('C2 I1 that come under a temporary name and a rename are each loaded once; those still in progress are not', async () => {
    running.push(await startTestService({ directory, database, env: { RESCAN_MS: '500', LOADERS: '2' } }));
    const files = Array.from({ length: 1000 }, (_, n) => ({
      name: `${n}.csv`,
      rows: { tag: `tmp-${n}`, to: 1 + (n % 3) },
    }));
    const temporary = ['.$.tmp', '$.part', '$~', '.$'];
    await Promise.all(
      files.map(async ({ name, rows }, n) => {
        const before = join(directory, (temporary[n % 4] ?? '').replace('$', name));
        writeFileSync(before, plainFile(rows));
        await rename(before, join(directory, name));
      }),
    );
    for (const form of temporary) {
      writeFileSync(join(directory, form.replace('$', 'unfinished.csv')), plainFile({ tag: 'unfinished', to: 3 }));
    }
    await settledRows(database, files.length, 60_000);
    const events = files.flatMap(({ name, rows }) => expectedPlain(name, rows).events);
    await expectExactly(database, [{ name: '', events, rejects: [] }], { byName: false });
    await expectAccounting(database);
  });
});

/** Not where the program lies in a folder of root's own. */
function canRunAsNobody(): boolean {
  if (process.getuid?.() !== 0) return false;
  const [command = '', ...words] = AS_NOBODY;
  return spawnSync(command, [...words, process.execPath, '--check', 'dist/main.js']).status === 0;
}
