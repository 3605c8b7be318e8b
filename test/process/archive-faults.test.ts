import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { expectExactly } from '../support/exact-load.ts';
import { ledgerRows, settledFile } from '../support/ledger.ts';
import { expectedPlain, plainFile } from '../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestDirectory } from '../support/service.ts';
import { type SluiceProcess, type Surroundings, spawnService } from '../support/sluice-process.ts';
import { canMount, insideOf, onTmpfs } from '../support/tmpfs.ts';

const FEW = { tag: 'few', to: 20 };
const MANY = { tag: 'many', to: 6000 };

let directory: string;
let database: TestDatabase;

beforeEach(async () => {
  directory = await createTestDirectory();
  database = await createTestDatabase();
});

afterEach(async () => {
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

async function start(
  policy: 'archive' | 'delete',
  around: Surroundings & { readonly fault?: string } = {},
): Promise<SluiceProcess> {
  const { fault, ...surroundings } = around;
  const service = spawnService({
    ...surroundings,
    databaseUrl: database.connectionString,
    inputDirectory: directory,
    env: { AFTER_LOAD: policy, RESCAN_MS: '200', ...(fault === undefined ? {} : { SLUICE_FAULT: fault }) },
    ...(fault === undefined ? {} : { preload: ['points.mjs'] }),
  });
  await service.ready();
  return service;
}

const put = (name: string, rows: typeof FEW) => writeFile(join(directory, name), plainFile(rows));
const warnings = (service: SluiceProcess, name: string) =>
  service.stdout.split('\n').filter((line) => line.includes('could not be') && line.includes(`/${name}"`)).length;

async function inArchive(root: string): Promise<string[]> {
  const [day] = await readdir(join(root, '.archive'));
  return day === undefined ? [] : (await readdir(join(root, '.archive', day))).sort();
}

describe('C8 killed while it puts a loaded file away,', () => {
  it.each([
    ['archive', 'archive.link.after'],
    ['archive', 'archive.aside.after'],
    ['archive', 'archive.unlink.before'],
    ['delete', 'archive.aside.after'],
  ] as const)('the next process finishes it: %s, at %s', async (policy, point) => {
    const first = await start(policy, { fault: `${point}:kill` });
    await put('few.csv', FEW);
    expect(await first.exited).toMatchObject({ signal: 'SIGKILL' });
    const second = await start(policy);
    await eventually(async () => expect(await readdir(directory)).toEqual(policy === 'archive' ? ['.archive'] : []));
    if (policy === 'archive') {
      const names = await inArchive(directory);
      expect(names[names.length - 1]).toBe('few.csv');
      const [day = ''] = await readdir(join(directory, '.archive'));
      for (const name of names)
        expect(await readFile(join(directory, '.archive', day, name), 'utf8')).toBe(plainFile(FEW));
    }
    await second.kill('SIGTERM');
    expect(await ledgerRows(database)).toMatchObject([{ name: 'few.csv', status: 'loaded', attempts: 1 }]);
    await expectExactly(database, [expectedPlain('few.csv', FEW)]);
  });
});

it('C8 a file whose removal fails keeps its name and its rows, has no second copy, and is put away later', async () => {
  const service = await start('archive', { fault: 'archive.unlink.before:throw' });
  await put('few.csv', FEW);
  await eventually(() => expect(warnings(service, 'few.csv')).toBe(1));
  expect(service.stderr).toContain('fault archive.unlink.before throw');
  await service.kill('SIGTERM');
  await start('archive');
  await eventually(async () => expect(await readdir(directory)).toEqual(['.archive']));
  expect(await inArchive(directory)).toEqual(['few.csv']);
  await expectExactly(database, [expectedPlain('few.csv', FEW)]);
});

describe.skipIf(!canMount)('C8 an archive on a file system of its own', () => {
  it('takes copies, whole or not at all: one that does not fit stays where it is', async () => {
    await mkdir(join(directory, '.archive'));
    const service = await start('archive', { wrapper: onTmpfs(join(directory, '.archive'), '200k') });
    const inside = insideOf(service.child.pid ?? 0, directory);
    await put('many.csv', MANY);
    await settledFile(database, 'many.csv');
    await eventually(() => expect(warnings(service, 'many.csv')).toBeGreaterThan(0));
    await put('few.csv', FEW);
    await eventually(async () => expect(await inArchive(inside)).toEqual(['few.csv']));
    const [day = ''] = await readdir(join(inside, '.archive'));
    expect(await readFile(join(inside, '.archive', day, 'few.csv'), 'utf8')).toBe(plainFile(FEW));
    expect(await readFile(join(directory, 'many.csv'), 'utf8')).toBe(plainFile(MANY));
    await expectExactly(database, [expectedPlain('many.csv', MANY), expectedPlain('few.csv', FEW)]);
    expect(warnings(service, 'many.csv')).toBeLessThanOrEqual(2);
  });

  it.each(['.archive', ''])('that is read-only costs two warnings a file, not one per scan: %j', async (place) => {
    await mkdir(join(directory, '.archive'));
    const script = 'mount --bind "$0" "$0" && mount -t tmpfs tmpfs "$0/.archive" && exec "$@"';
    const wrapper = ['unshare', '-m', '--propagation', 'private', 'sh', '-c', script, directory];
    const service = await start('archive', { wrapper });
    const pid = String(service.child.pid);
    execFileSync('nsenter', ['-t', pid, '-m', 'mount', '-o', 'remount,bind,ro', join(directory, place)]);
    const names = ['a.csv', 'b.csv', 'c.csv', 'd.csv'];
    // One after the other, so that many scans find the first of them still there.
    for (const name of names) {
      await put(name, { tag: name, to: 5 });
      await settledFile(database, name);
      await eventually(() => expect(warnings(service, name)).toBe(2));
    }
    for (const name of names) expect(warnings(service, name)).toBe(2);
    const left = (await readdir(directory)).filter((name) => name !== '.archive');
    expect(left.sort()).toEqual(names);
    expect(await inArchive(insideOf(service.child.pid ?? 0, directory))).toEqual([]);
    await expectExactly(
      database,
      names.map((name) => expectedPlain(name, { tag: name, to: 5 })),
    );
  });
});
