import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { removeAbandonedTemporaries } from '../../src/ingest/sources/abandoned-temporaries.ts';
import { temporaryPath } from '../../src/ingest/sources/place-file.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-test-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function leftFor(minutes: number, path: string): Promise<string> {
  const at = new Date(Date.now() - minutes * 60_000);
  await writeFile(path, 'x');
  await utimes(path, at, at);
  return basename(path);
}

it('C8 copies without a name that nobody has written to for a quarter of an hour are removed, in folder and archive, and nothing else', async () => {
  const archive = join(directory, '.archive');
  await mkdir(archive);
  const kept: string[] = [];
  for (const folder of [directory, archive]) {
    await leftFor(16, temporaryPath(folder));
    kept.push(await leftFor(14, temporaryPath(folder)), await leftFor(16, join(folder, 'events.csv')));
  }
  await removeAbandonedTemporaries(directory);
  const left = [...(await readdir(directory)), ...(await readdir(archive))].filter((name) => name !== '.archive');
  expect(left.sort()).toEqual(kept.sort());
});

it('a folder without an archive, or none at all, has nothing to remove', async () => {
  await expect(removeAbandonedTemporaries(directory)).resolves.toBeUndefined();
  await expect(removeAbandonedTemporaries(join(directory, 'gone'))).resolves.toBeUndefined();
});
