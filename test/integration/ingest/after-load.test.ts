import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { expectExactly } from '../../support/exact-load.ts';
import { HeldLoads } from '../../support/held-loads.ts';
import { settledFile, settledRows, settledVersions } from '../../support/ledger.ts';
import { expectedPlain, plainFile } from '../../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { createTestDirectory, startTestService, type TestService } from '../../support/service.ts';

let directory: string;
let database: TestDatabase;
let running: TestService | undefined;

beforeEach(async () => {
  directory = await createTestDirectory();
  database = await createTestDatabase();
});

afterEach(async () => {
  await running?.close();
  running = undefined;
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

async function start(policy: 'keep' | 'archive' | 'delete', env: Record<string, string> = {}): Promise<void> {
  await running?.close();
  running = await startTestService({ directory, database, env: { AFTER_LOAD: policy, RESCAN_MS: '300', ...env } });
}

/** Paths of all files below the folder, but for uploads in progress. */
async function filesBelow(): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort();
}

const put = (name: string, content: string) => writeFile(join(directory, name), content);
const good = plainFile({ tag: 'good', to: 20 });
const broken = 'user_id,event_type\n1,view\n';

describe('AFTER_LOAD', () => {
  it('keep leaves every file where it is', async () => {
    await start('keep');
    await put('a.csv', good);
    await settledFile(database, 'a.csv');
    await put('b.csv', plainFile({ tag: 'b', to: 1 }));
    await settledFile(database, 'b.csv');
    expect(await filesBelow()).toEqual(['a.csv', 'b.csv']);
  });

  it('I3 delete removes loaded files and duplicates, and never a failed one', async () => {
    await start('delete');
    await put('good.csv', good);
    await settledFile(database, 'good.csv');
    await put('again.csv', good);
    await put('broken.csv', broken);
    expect(await settledFile(database, 'again.csv')).toMatchObject({ status: 'duplicate' });
    expect(await settledFile(database, 'broken.csv')).toMatchObject({ status: 'failed' });
    await eventually(async () => expect(await filesBelow()).toEqual(['broken.csv']));
    await expectExactly(database, [expectedPlain('good.csv', { tag: 'good', to: 20 })]);
  });

  it('I4 delete waits for the commit', async () => {
    await start('delete');
    const hold = await HeldLoads.hold(database);
    await put('held.csv', good);
    await hold.untilHeld();
    expect(await filesBelow()).toEqual(['held.csv']);
    await hold.release();
    await eventually(async () => expect(await filesBelow()).toEqual([]));
    expect(await settledFile(database, 'held.csv')).toMatchObject({ status: 'loaded' });
  });

  it('archive moves loaded files to a hidden folder of the day, whole, and never over an earlier one', async () => {
    await start('archive');
    const contents = [good, plainFile({ tag: 'second', to: 5 }), plainFile({ tag: 'third', to: 6 })];
    for (const [index, content] of contents.entries()) {
      await put('events.csv', content);
      await settledVersions(database, 'events.csv', index + 1);
      await eventually(async () => expect(await readdir(directory)).toEqual(['.archive']));
    }
    const archived = await filesBelow();
    expect(archived.map((path) => basename(path))).toEqual(['events-2.csv', 'events-3.csv', 'events.csv']);
    for (const path of archived) expect(dirname(path)).toMatch(/^\.archive\/\d{4}-\d\d-\d\d$/);
    const kept = await Promise.all(archived.map((path) => readFile(join(directory, path), 'utf8')));
    expect(kept.sort()).toEqual([...contents].sort());
    await put('broken.csv', broken);
    await settledFile(database, 'broken.csv');
    expect(await readdir(directory)).toContain('broken.csv');
  });

  it('I1 a file that was loaded but not put away, as after a crash in between, is put away at the next start', async () => {
    await start('keep');
    await put('a.csv', good);
    await settledFile(database, 'a.csv');
    await start('archive');
    await eventually(async () => expect((await filesBelow()).map((path) => basename(path))).toEqual(['a.csv']));
    await eventually(async () => expect(await readdir(directory)).toEqual(['.archive']));
    expect(await settledRows(database, 1)).toMatchObject([{ status: 'loaded', attempts: 1 }]);
  });

  it('I3 I5 a file that was changed meanwhile is not put away, but loaded as the version that it is now', async () => {
    await start('delete');
    const hold = await HeldLoads.hold(database);
    await put('a.csv', good);
    await hold.untilHeld();
    // Replaced, not rewritten: the load goes on reading what it has opened.
    await rm(join(directory, 'a.csv'));
    await put('a.csv', plainFile({ tag: 'newer', to: 3 }));
    await hold.release();
    const [first, second] = await settledVersions(database, 'a.csv', 2);
    expect(first).toMatchObject({ status: 'loaded', loaded: 20 });
    expect(second).toMatchObject({ status: 'loaded', loaded: 3, follows: first?.id });
    await eventually(async () => expect(await filesBelow()).toEqual([]));
    await expectExactly(database, [expectedPlain('a.csv', { tag: 'good', to: 20 }, { tag: 'newer', to: 3 })]);
  });

  it('a folder that refuses the move costs a warning; the rows stay loaded, once', async () => {
    await start('archive');
    // A file where the archive has to be.
    await put('.archive', 'in the way');
    await put('a.csv', good);
    expect(await settledFile(database, 'a.csv')).toMatchObject({ status: 'loaded' });
    await eventually(() => expect(running?.logLines.some((line) => line.includes('could not be archived'))).toBe(true));
    await rm(join(directory, '.archive'));
    await start('archive');
    await eventually(async () => expect(await readdir(directory)).toEqual(['.archive']));
    await expectExactly(database, [expectedPlain('a.csv', { tag: 'good', to: 20 })]);
  });
});
