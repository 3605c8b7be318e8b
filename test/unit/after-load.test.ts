import { lstat, mkdir, readdir, readFile, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AfterLoad } from '../../src/config.ts';
import { disposeLoadedFile } from '../../src/ingest/sources/after-load.ts';
import { fingerprintOf } from '../../src/ingest/sources/source-file.ts';
import { createTestDirectory } from '../support/service.ts';

let directory: string;
let path: string;
let lines: string[];

beforeEach(async () => {
  directory = await createTestDirectory();
  path = join(directory, 'events.csv');
  lines = [];
  await writeFile(path, 'first');
});
afterEach(async () => await rm(directory, { recursive: true, force: true }));

async function loadedFile(origin: 'directory' | 'upload' | 'cli' = 'directory') {
  return {
    fileId: 1,
    name: 'events.csv',
    path,
    origin,
    fingerprint: fingerprintOf(await lstat(path, { bigint: true })),
  };
}

async function dispose(policy: AfterLoad, file: Awaited<ReturnType<typeof loadedFile>>): Promise<void> {
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  await disposeLoadedFile(file, { policy, inputDirectory: directory, log });
}

async function archived(): Promise<string[]> {
  const [day, ...more] = await readdir(join(directory, '.archive'));
  expect(more).toEqual([]);
  expect(day).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  return (await readdir(join(directory, '.archive', day ?? ''))).sort();
}

const content = () => readFile(path, 'utf8').catch(() => undefined);

test('keep leaves the file where it is', async () => {
  await dispose('keep', await loadedFile());
  expect(await readdir(directory)).toEqual(['events.csv']);
});

test('delete removes it', async () => {
  await dispose('delete', await loadedFile());
  expect(await readdir(directory)).toEqual([]);
});

test('archive moves it to a hidden folder of the day, with its bytes', async () => {
  await dispose('archive', await loadedFile('upload'));
  expect(await readdir(directory)).toEqual(['.archive']);
  expect(await archived()).toEqual(['events.csv']);
});

test('C8 a file in the archive is never overwritten', async () => {
  for (const text of ['one', 'two', 'three']) {
    await writeFile(path, text);
    await dispose('archive', await loadedFile());
  }
  const names = await archived();
  expect(names).toEqual(['events-2.csv', 'events-3.csv', 'events.csv']);
  const [day = ''] = await readdir(join(directory, '.archive'));
  const texts = await Promise.all(names.map((name) => readFile(join(directory, '.archive', day, name), 'utf8')));
  expect(texts).toEqual(['two', 'three', 'one']);
});

test('C8 a name of full length has room for a number where it is taken', async () => {
  path = join(directory, `${'x'.repeat(251)}.csv`);
  for (const text of ['one', 'two']) {
    await writeFile(path, text);
    await dispose('archive', { ...(await loadedFile()), name: basename(path) });
  }
  expect(lines).toEqual([]);
  expect(await archived()).toEqual([`${'x'.repeat(235)}-2.csv`, basename(path)]);
});

describe.each<AfterLoad>(['delete', 'archive'])('%s', (policy) => {
  test('touches no newer version of the file than was loaded', async () => {
    const file = await loadedFile();
    await writeFile(path, 'first, and rows that nobody has loaded yet');
    await dispose(policy, file);
    expect(await content()).toBe('first, and rows that nobody has loaded yet');
  });

  test('touches no file that somebody put in its place', async () => {
    const file = await loadedFile();
    const other = join(directory, 'other');
    await writeFile(other, 'other');
    await unlink(path);
    await symlink(other, path);
    await dispose(policy, file);
    expect(await readFile(other, 'utf8')).toBe('other');
    expect((await lstat(path)).isSymbolicLink()).toBe(true);
  });

  test('loses no file that is renamed over it meanwhile, at whatever moment', async () => {
    const other = join(directory, 'other');
    for (let n = 0; n < 200; n += 1) {
      await writeFile(path, 'first');
      await writeFile(other, `newer ${n}`);
      const file = await loadedFile();
      await Promise.all([dispose(policy, file), rename(other, path)]);
      expect(await content()).toBe(`newer ${n}`);
    }
    expect((await readdir(directory)).filter((name) => name !== '.archive')).toEqual(['events.csv']);
    expect(lines).toEqual([]);
  });

  test('leaves files that were named on the command line to their owner', async () => {
    await dispose(policy, await loadedFile('cli'));
    expect(await content()).toBe('first');
  });

  test('is content where the file is gone already', async () => {
    const file = await loadedFile();
    await unlink(path);
    await dispose(policy, file);
    expect(lines).toEqual([]);
  });
});

test('C8 a file that can not be put away stays, is written about, and fails nothing', async () => {
  await writeFile(join(directory, '.archive'), 'a file where the folder should be');
  await dispose('archive', await loadedFile());
  expect(await content()).toBe('first');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    fileId: 1,
    path,
    msg: expect.stringContaining('could not be archived'),
  });
});

test('a folder of the archive that is there already is used', async () => {
  await mkdir(join(directory, '.archive'));
  await dispose('archive', await loadedFile());
  expect(await archived()).toEqual(['events.csv']);
});
