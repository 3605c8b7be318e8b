import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { appendFile, copyFile, mkdir, readdir, rename, rm, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { expectExactly } from '../../support/exact-load.ts';
import { ledgerRows, settledFile, settledRows } from '../../support/ledger.ts';
import { expectedPlain, HEADER, plainFile, plainRows } from '../../support/plain-events.ts';
import { createTestDirectory, startTestService, type TestService } from '../../support/service.ts';

describe('a file is found', () => {
  let running: TestService;
  let elsewhere: string;

  beforeAll(async () => {
    elsewhere = await createTestDirectory();
    // No second scan during the tests: what is found here is found by events.
    running = await startTestService({ env: { SETTLE_MS: '500', RESCAN_MS: '3600000' } });
    await eventually(async () => expect((await watcherState(running)).state).toBe('watching'));
  });

  afterAll(async () => {
    await running.close();
    await rm(elsewhere, { recursive: true, force: true });
  });

  const inFolder = (name: string) => join(running.directory, name);

  it('when it is written or copied into the folder', async () => {
    writeFileSync(join(elsewhere, 'origin'), plainFile({ tag: 'copied', to: 10 }));
    await copyFile(join(elsewhere, 'origin'), inFolder('copied.csv'));
    expect(await settledFile(running.database, 'copied.csv')).toMatchObject({ status: 'loaded', loaded: 10 });
  });

  it('C2 when it is renamed into the folder, from outside and from a name that is left alone', async () => {
    writeFileSync(join(elsewhere, 'outside.csv'), plainFile({ tag: 'outside', to: 11 }));
    await rename(join(elsewhere, 'outside.csv'), inFolder('outside.csv'));
    writeFileSync(inFolder('.inside.csv.tmp'), plainFile({ tag: 'inside', to: 12 }));
    await rename(inFolder('.inside.csv.tmp'), inFolder('inside.csv'));
    expect(await settledFile(running.database, 'outside.csv')).toMatchObject({ status: 'loaded', loaded: 11 });
    expect(await settledFile(running.database, 'inside.csv')).toMatchObject({ status: 'loaded', loaded: 12 });
  });

  it('C1 I5 as a whole when it is written in pieces for longer than SETTLE_MS', async () => {
    const path = inFolder('slow.csv');
    writeFileSync(path, HEADER);
    const began = performance.now();
    for (let from = 0; from < 100; from += 10) {
      // The pause is the writer's, and well below SETTLE_MS; together they are well above.
      await delay(90);
      const rows = plainRows({ tag: 'slow', from, to: from + 10 });
      await appendFile(path, rows.slice(0, 700));
      await appendFile(path, rows.slice(700));
    }
    expect(performance.now() - began).toBeGreaterThan(500);
    expect(await settledFile(running.database, 'slow.csv')).toMatchObject({ status: 'loaded', read: 100, loaded: 100 });
  });

  it('at once when its modification time is older than SETTLE_MS', async () => {
    const old = new Date(Date.now() - 3_600_000);
    writeFileSync(join(elsewhere, 'old.csv'), plainFile({ tag: 'old', to: 3 }));
    await utimes(join(elsewhere, 'old.csv'), old, old);
    await rename(join(elsewhere, 'old.csv'), inFolder('old.csv'));
    expect(await settledFile(running.database, 'old.csv')).toMatchObject({ status: 'loaded', loaded: 3 });
  });

  it('C7 I3 also where its name is not valid UTF-8: as a failed file that says so, once', async () => {
    const path = Buffer.concat([Buffer.from(`${running.directory}/caf`), Buffer.from([0xe9]), Buffer.from('.csv')]);
    writeFileSync(path, plainFile({ tag: 'latin', to: 1 }));
    const second = await startTestService({
      database: running.database,
      directory: running.directory,
      env: { RESCAN_MS: '100' },
    });
    try {
      const row = await settledFile(running.database, 'caf\\xe9.csv');
      expect(row).toMatchObject({ status: 'failed', errorCode: 'unreadable', attempts: 0, loaded: 0 });
      expect(row.errorMessage).toContain('not valid UTF-8');
      // A file that comes later is seen by a later scan, so the name has been met again.
      writeFileSync(inFolder('after-latin.csv'), plainFile({ tag: 'after-latin', to: 1 }));
      await settledFile(running.database, 'after-latin.csv');
      expect((await ledgerRows(running.database)).filter(({ name }) => name.startsWith('caf'))).toHaveLength(1);
    } finally {
      await second.close();
    }
  });
});

describe('the folder', () => {
  it('I1 is loaded as it was found at the start, many files at once', async () => {
    const directory = await createTestDirectory();
    const files = Array.from({ length: 30 }, (_, n) => ({
      name: `${n}.csv`,
      rows: { tag: `start-${n}`, to: 50 + n, badEvery: 7 },
    }));
    for (const { name, rows } of files) writeFileSync(join(directory, name), plainFile(rows));
    const running = await startTestService({ directory });
    try {
      await settledRows(running.database, files.length);
      await expectExactly(
        running.database,
        files.map(({ name, rows }) => expectedPlain(name, rows)),
      );
    } finally {
      await running.close();
      await rm(directory, { recursive: true });
    }
  });

  it('C5 is made where it does not exist', async () => {
    const parent = await createTestDirectory();
    const running = await startTestService({ directory: join(parent, 'not', 'there', 'yet') });
    try {
      writeFileSync(join(running.directory, 'a.csv'), plainFile({ tag: 'made', to: 2 }));
      expect(await settledFile(running.database, 'a.csv')).toMatchObject({ status: 'loaded', loaded: 2 });
    } finally {
      await running.close();
      await rm(parent, { recursive: true });
    }
  });

  it('C5 may be deleted and made again: what comes then is loaded, by events again', async () => {
    const parent = await createTestDirectory();
    const directory = join(parent, 'folder');
    const running = await startTestService({ directory, env: { RESCAN_MS: '500' } });
    try {
      writeFileSync(join(directory, 'before.csv'), plainFile({ tag: 'before', to: 2 }));
      await settledFile(running.database, 'before.csv');
      await rm(directory, { recursive: true });
      await eventually(async () => expect((await watcherState(running)).state).toBe('unavailable'));
      await mkdir(directory);
      writeFileSync(join(directory, 'after.csv'), plainFile({ tag: 'after', to: 3 }));
      expect(await settledFile(running.database, 'after.csv')).toMatchObject({ status: 'loaded', loaded: 3 });
      await eventually(async () => expect((await watcherState(running)).state).toBe('watching'));
    } finally {
      await running.close();
      await rm(parent, { recursive: true, force: true });
    }
  });

  it('C5 may be replaced by another in an instant', async () => {
    const parent = await createTestDirectory();
    const directory = join(parent, 'folder');
    const running = await startTestService({ directory, env: { RESCAN_MS: '500' } });
    try {
      await mkdir(join(parent, 'other'));
      writeFileSync(join(parent, 'other', 'b.csv'), plainFile({ tag: 'replaced', to: 3 }));
      await rename(directory, join(parent, 'away'));
      await rename(join(parent, 'other'), directory);
      expect(await settledFile(running.database, 'b.csv')).toMatchObject({ status: 'loaded', loaded: 3 });
    } finally {
      await running.close();
      await rm(parent, { recursive: true, force: true });
    }
  });
});

describe('left alone, and in nobody’s way,', () => {
  it('C2 C6 are names of files in progress, other files, and whatever is no regular file', async () => {
    const directory = await createTestDirectory();
    const outside = await createTestDirectory();
    const inFolder = (name: string) => join(directory, name);
    const content = plainFile({ tag: 'never', to: 5 });
    const running = await startTestService({ directory, env: { RESCAN_MS: '200' } });
    try {
      await eventually(async () => expect((await watcherState(running)).state).toBe('watching'));
      const names = [
        '.hidden.csv',
        'a.csv.tmp',
        'a.csv.part',
        'a.csv~',
        'a.txt',
        'csv',
        'a.csv.bak',
        'a.csv.zip',
        'a.xcsv',
      ];
      for (const name of names) writeFileSync(inFolder(name), content);
      await mkdir(inFolder('directory.csv'));
      writeFileSync(inFolder('directory.csv/inner.csv'), content);
      await mkdir(inFolder('below'));
      writeFileSync(inFolder('below/inner.csv'), content);
      // More than libuv has threads: a blocking open of each would stop all file access of the process.
      for (let n = 0; n < 8; n += 1) execFileSync('mkfifo', [inFolder(`fifo-${n}.csv`)]);
      writeFileSync(join(outside, 'target.csv'), content);
      await symlink(join(outside, 'target.csv'), inFolder('link-outside.csv'));
      await symlink(inFolder('.hidden.csv'), inFolder('link-inside.csv'));
      await symlink(inFolder('nowhere.csv'), inFolder('link-dangling.csv'));
      await symlink(inFolder('link-loop.csv'), inFolder('link-loop.csv'));
      await symlink(outside, inFolder('link-directory.csv'));
      await symlink('/etc/passwd', inFolder('link-passwd.csv'));
      const before = (await readdir(directory)).sort();

      // Two files, one after the other, each found by a later scan than all of the above.
      for (const name of ['first.csv', 'second.csv']) {
        writeFileSync(inFolder(name), plainFile({ tag: name, to: 2 }));
        expect(await settledFile(running.database, name)).toMatchObject({ status: 'loaded' });
      }
      expect((await ledgerRows(running.database)).map(({ name }) => name)).toEqual(['first.csv', 'second.csv']);
      expect((await readdir(directory)).sort()).toEqual([...before, 'first.csv', 'second.csv'].sort());
      // A FIFO that were opened would stop a thread that answers wait for.
      for (let n = 0; n < 20; n += 1) {
        const asked = performance.now();
        expect((await fetch(`${running.url}/health/live`)).status).toBe(200);
        expect(performance.now() - asked).toBeLessThan(1000);
      }
    } finally {
      await running.close();
      for (const path of [directory, outside]) await rm(path, { recursive: true, force: true });
    }
  });
});

async function watcherState(running: TestService): Promise<{ state: string }> {
  const stats = (await (await fetch(`${running.url}/ingestion/stats`)).json()) as { watcher: { state: string } };
  return stats.watcher;
}
