import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { expectExactly } from '../support/exact-load.ts';
import { HeldLoads } from '../support/held-loads.ts';
import { ledgerRows, settledFile, settledRows } from '../support/ledger.ts';
import { expectedPlain, plainFile } from '../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestDirectory } from '../support/service.ts';
import { type SluiceProcess, spawnService } from '../support/sluice-process.ts';
import { canMount, insideOf, onTmpfs } from '../support/tmpfs.ts';

/** A limit below every descriptor that a running service may still get: Node has taken so many for itself. */
const NO_MORE = 16;

let database: TestDatabase;
let directory: string;
/** beside the watched folder */
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

function start(env: Record<string, string>, wrapper: readonly string[] = []): SluiceProcess {
  return spawnService({
    databaseUrl: database.connectionString,
    inputDirectory: directory,
    env: { RESCAN_MS: '200', ...env },
    preload: ['file-system.mjs'],
    wrapper,
  });
}

async function watcherState(url: string): Promise<string> {
  const stats = (await (await fetch(`${url}/ingestion/stats`)).json()) as { watcher: { state: string } };
  return stats.watcher.state;
}

/** How many lines of the log say so. */
function said(service: SluiceProcess, message: string): number {
  return (service.stdout + service.stderr).split(message).length - 1;
}

async function loadOneMore(name: string, into = directory): Promise<void> {
  writeFileSync(join(into, name), plainFile({ tag: name, to: 3 }));
  expect(await settledFile(database, name)).toMatchObject({ status: 'loaded', loaded: 3 });
}

describe('a folder that can not be watched', () => {
  it.each([
    'ENOSPC',
    'EMFILE',
  ])('C5 is scanned while fs.watch fails with %s, which is said once, and watched again when it does not', async (code) => {
    writeFileSync(join(directory, 'at-start.csv'), plainFile({ tag: 'at-start', to: 3 }));
    const mended = join(elsewhere, 'mended');
    const service = start({
      RESCAN_MS: '100',
      SLUICE_FILE_FAULT: `watch:${code}`,
      SLUICE_FILE_FAULT_UNTIL: mended,
    });
    const url = await service.ready();
    for (const name of ['a.csv', 'b.csv', 'c.csv']) await loadOneMore(name);
    expect(await watcherState(url)).toBe('rescan-only');
    expect((await fetch(`${url}/health`)).status).toBe(200);
    writeFileSync(mended, '');
    // Within as much time as it has failed for.
    await eventually(async () => expect(await watcherState(url)).toBe('watching'), 25_000);
    await loadOneMore('d.csv');
    expect(said(service, 'can not be watched')).toBe(1);
    expect(said(service, 'is watched again')).toBe(1);
    expect(service.child.exitCode).toBeNull();
    await settledRows(database, 5);
  }, 60_000);

  it('C5 is scanned where fs.watch tells nothing, as on network mounts', async () => {
    const service = start({ SLUICE_FILE_FAULT: 'watch:silent' });
    await service.ready();
    for (const name of ['a.csv', 'b.csv']) await loadOneMore(name);
    expect(service.child.exitCode).toBeNull();
  });

  it('C5 of which one entry can not be looked at gives all the others; that is said once', async () => {
    const service = start({ SLUICE_FILE_FAULT: 'lstat:EIO~bad.csv' });
    const url = await service.ready();
    writeFileSync(join(directory, 'bad.csv'), plainFile({ tag: 'bad', to: 3 }));
    for (const name of ['a.csv', 'z.csv']) await loadOneMore(name);
    await eventually(() => expect(said(service, 'can not be looked at')).toBe(1));
    expect(await watcherState(url)).not.toBe('unavailable');
    await loadOneMore('later.csv');
    expect(said(service, 'can not be looked at')).toBe(1);
    expect((await settledRows(database, 3)).map(({ name }) => name)).not.toContain('bad.csv');
  });

  it('C5 is waited for where it goes and comes, which is said once each time', async () => {
    const folder = join(directory, 'folder');
    const service = spawnService({
      databaseUrl: database.connectionString,
      inputDirectory: directory,
      env: { INPUT_DIR: folder, RESCAN_MS: '100' },
    });
    const url = await service.ready();
    for (const round of [1, 2]) {
      await rm(folder, { recursive: true });
      await eventually(async () => expect(await watcherState(url)).toBe('unavailable'));
      expect((await fetch(`${url}/health/live`)).status).toBe(200);
      await mkdir(folder);
      await loadOneMore(`${round}.csv`, folder);
      await eventually(async () => expect(await watcherState(url)).toBe('watching'));
      expect(said(service, 'is not available')).toBe(round);
      expect(said(service, 'available again')).toBe(round);
    }
  });

  it.skipIf(!canMount)('C5 is a mount that turns read-only: what comes into it is loaded all the same', async () => {
    const inner = await createTestDirectory();
    const script = 'mount --bind "$1" "$0" && shift && exec "$@"';
    const service = start({}, ['unshare', '-m', '--propagation', 'private', 'sh', '-c', script, directory, inner]);
    try {
      const url = await service.ready();
      await loadOneMore('before.csv', inner);
      inMountsOf(service, 'mount', '-o', 'remount,ro,bind', directory);
      await loadOneMore('after.csv', inner);
      expect((await fetch(`${url}/health`)).status).toBe(200);
      expect(await watcherState(url)).toBe('watching');
    } finally {
      await service.kill('SIGKILL');
      await rm(inner, { recursive: true });
    }
  });

  it.skipIf(!canMount)(
    'C5 is a mount that goes and comes back: each time the folder at its place is watched',
    async () => {
      const service = start({ RESCAN_MS: '300' }, onTmpfs(directory, '8m'));
      const url = await service.ready();
      const pid = service.child.pid ?? 0;
      await eventually(async () => expect(await watcherState(url)).toBe('watching'));
      await loadOneMore('mounted.csv', insideOf(pid, directory));
      inMountsOf(service, 'umount', '-l', directory);
      await loadOneMore('below.csv');
      await eventually(() => expectWatched(pid));
      inMountsOf(service, 'mount', '-t', 'tmpfs', 'tmpfs', directory);
      await loadOneMore('again.csv', insideOf(pid, directory));
      await eventually(() => expectWatched(pid));
      expect(await watcherState(url)).toBe('watching');
      expect(service.child.exitCode).toBeNull();
      await settledRows(database, 3);
    },
  );

  it.runIf(process.platform === 'linux')(
    'C5 C10 without descriptors and then with few of them: no exit, no file fails, each is loaded once',
    async () => {
      const service = start({ RESCAN_MS: '500' });
      await service.ready();
      await loadOneMore('before.csv');
      const open = (await readdir(`/proc/${service.child.pid}/fd`)).length;
      limitDescriptors(service, NO_MORE);
      const files = Array.from({ length: 300 }, (_, n) => ({
        name: `${n}.csv`,
        rows: { tag: `few-${n}`, to: 1 + (n % 3) },
      }));
      for (const { name, rows } of files) writeFileSync(join(directory, name), plainFile(rows));
      await eventually(() => expect(service.stdout + service.stderr).toContain('EMFILE'));
      expect(service.child.exitCode).toBeNull();
      // Enough for the pools of connections, and not for a portion of small files.
      limitDescriptors(service, open + 40);
      const rows = await settledRows(database, files.length + 1, 25_000);
      expect(rows.filter(({ failures }) => failures > 0)).toEqual([]);
      await expectExactly(database, [
        expectedPlain('before.csv', { tag: 'before.csv', to: 3 }),
        ...files.map(({ name, rows }) => expectedPlain(name, rows)),
      ]);
    },
  );

  it.runIf(process.platform === 'linux')(
    'C5 C9 that gives no descriptor to a loader costs the file time and no failure',
    async () => {
      const service = start({ RESCAN_MS: '500' });
      await service.ready();
      const held = await HeldLoads.hold(database);
      writeFileSync(join(directory, 'first.csv'), plainFile({ tag: 'first', to: 1500 }));
      await held.untilHeld();
      writeFileSync(join(directory, 'waits.csv'), plainFile({ tag: 'waits', to: 1500 }));
      await eventually(async () => expect(await ledgerRows(database)).toMatchObject([{}, { status: 'queued' }]));
      limitDescriptors(service, NO_MORE);
      await held.release();
      await eventually(() => expect(service.stdout).toMatch(/rolled back.*EMFILE|EMFILE.*rolled back/));
      limitDescriptors(service, 1024);
      const rows = await settledRows(database, 2);
      expect(rows).toMatchObject([{ status: 'loaded' }, { status: 'loaded', failures: 0 }]);
      await expectExactly(
        database,
        ['first', 'waits'].map((tag) => expectedPlain(`${tag}.csv`, { tag, to: 1500 })),
      );
    },
  );
});

/** Asks the system itself which inodes the service watches (https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html). */
async function expectWatched(pid: number): Promise<void> {
  const { ino } = await stat(insideOf(pid, directory), { bigint: true });
  const descriptors = await readdir(`/proc/${pid}/fdinfo`);
  const infos = await Promise.all(
    descriptors.map((descriptor) => readFile(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8').catch(() => '')),
  );
  expect(infos.join('\n')).toMatch(new RegExp(`inotify wd:\\S+ ino:${ino.toString(16)} `));
}

/** Runs a command among the mounts of the service. */
function inMountsOf(service: SluiceProcess, command: string, ...args: readonly string[]): void {
  execFileSync('nsenter', ['-m', '-t', String(service.child.pid), command, ...args]);
}

/** Node itself starts with hundreds of open modules only, so the limit comes when it runs. */
function limitDescriptors(service: SluiceProcess, count: number): void {
  execFileSync('prlimit', ['--pid', String(service.child.pid), `--nofile=${count}:4096`]);
}
