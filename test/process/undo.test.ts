import { writeFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { expectAccounting, expectExactly } from '../support/exact-load.ts';
import type { ExpectedFile } from '../support/expected-events.ts';
import { release, revert, upload } from '../support/file-calls.ts';
import { HeldRemoval } from '../support/held-removal.ts';
import { ledgerRows, settledFile } from '../support/ledger.ts';
import { expectedPlain, plainFile } from '../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestDirectory, startTestService } from '../support/service.ts';
import { SluiceProcess, spawnService } from '../support/sluice-process.ts';

const WRONG = { tag: 'wrong', to: 900, badEvery: 9 };
const OTHER = { tag: 'other', to: 700, badEvery: 9 };
const HELD = { tag: 'held', to: 300, badEvery: 3 };
const expectedWrong = expectedPlain('wrong.csv', WRONG);
const expectedOther = expectedPlain('other.csv', OTHER);
const expectedHeld = expectedPlain('held.csv', HELD);

const onlyRejects = (file: ExpectedFile): ExpectedFile => ({ ...file, events: [] });

let database: TestDatabase;
let directory: string;

beforeEach(async () => {
  database = await createTestDatabase();
  directory = await createTestDirectory();
});

afterEach(async () => {
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

/** Commits in the middle, and `held.csv` above the limit. */
const ENV = { COMMIT_ROWS: '200', RESCAN_MS: '300', MAX_REJECT_PERCENT: '20' };

function start(env: Readonly<Record<string, string>> = {}): SluiceProcess {
  return spawnService({
    databaseUrl: database.connectionString,
    inputDirectory: directory,
    preload: ['points.mjs'],
    env: { ...ENV, ...env },
  });
}

/** The session of a killed process ends when the server has rolled its work back. */
async function untilSessionsAreGone(): Promise<void> {
  await eventually(async () => {
    const left = await database.query(
      `select 1 from pg_stat_activity where datname = current_database() and application_name like 'sluice%'`,
    );
    expect(left).toEqual([]);
  });
}

const statusOf = async (name: string) => (await ledgerRows(database)).findLast((row) => row.name === name)?.status;

describe('SIGKILL', () => {
  it.each([
    'events.after',
    'commit.before',
    'commit.after',
  ])('I1 I2 in an undo at %s leaves all rows or none; afterwards they are taken out, and the same bytes are loaded again', async (point) => {
    const killed = start({ SLUICE_FAULT: `removal.${point}:kill` });
    const url = await killed.ready();
    const { fileId } = await upload(url, 'wrong.csv', plainFile(WRONG));
    const writing = writeFile(join(directory, 'other.csv'), plainFile(OTHER));
    await expect(revert(url, fileId)).rejects.toThrow();
    expect(await killed.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await writing;
    await untilSessionsAreGone();
    await expectAccounting(database);
    const isDone = point === 'commit.after';
    expect(await statusOf('wrong.csv')).toBe(isDone ? 'reverted' : 'loaded');

    const next = await startTestService({ database, directory, env: ENV });
    try {
      await settledFile(database, 'other.csv');
      await expectExactly(database, [isDone ? onlyRejects(expectedWrong) : expectedWrong, expectedOther]);
      expect((await revert(next.url, fileId)).status).toBe(isDone ? 409 : 200);
      const again = await upload(next.url, 'again.csv', plainFile(WRONG));
      expect(again).toMatchObject({ status: 'loaded', rowsLoaded: 800 });
      const expectedAgain = { ...expectedWrong, name: 'again.csv' };
      await expectExactly(database, [onlyRejects(expectedWrong), expectedAgain, expectedOther]);
    } finally {
      await next.close();
    }
  }, 60_000);

  it('I1 I3 in a release leaves the file held', async () => {
    const killed = start({ SLUICE_FAULT: 'removal.rejects.after:kill' });
    const url = await killed.ready();
    const { fileId, status } = await upload(url, 'held.csv', plainFile(HELD));
    expect(status).toBe('held');
    await expect(release(url, fileId)).rejects.toThrow();
    expect(await killed.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await untilSessionsAreGone();
    expect(await statusOf('held.csv')).toBe('held');
    await expectExactly(database, [onlyRejects(expectedHeld)]);
  }, 60_000);
});

it('I1 a stop in the middle of an undo rolls it back, and does not wait for it', async () => {
  const service = start();
  const url = await service.ready();
  const { fileId } = await upload(url, 'wrong.csv', plainFile(WRONG));
  const hold = await HeldRemoval.of(database, fileId);
  const undo = revert(url, fileId).catch(() => undefined);
  await hold.untilHeld();
  expect(await service.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  await undo;
  await hold.release();
  await untilSessionsAreGone();
  expect(await statusOf('wrong.csv')).toBe('loaded');
  await expectExactly(database, [expectedWrong]);
}, 60_000);

describe('load FILE…', () => {
  const load = async (...files: readonly string[]) => {
    const settings = { DATABASE_URL: database.connectionString, LOADERS: '1', MAX_REJECT_PERCENT: '20' };
    const command = new SluiceProcess('cli/load.js', files, { env: settings, cwd: directory });
    const { code } = await command.exited;
    return { code, stdout: command.stdout };
  };

  it('I1 loads a file again whose rows were taken out, and one that was its duplicate, once in all', async () => {
    const elsewhere = await createTestDirectory();
    const service = await startTestService({ database, directory, env: ENV });
    try {
      const { url } = service;
      const [one, two] = [join(elsewhere, 'one.csv'), join(elsewhere, 'two.csv')];
      writeFileSync(one, plainFile(WRONG));
      writeFileSync(two, plainFile(WRONG));
      expect((await load(one)).code).toBe(0);
      expect((await load(two)).stdout).toContain('the same bytes were loaded before');
      const [first] = await ledgerRows(database);
      expect((await revert(url, first?.id ?? 0)).status).toBe(200);
      // Which of the two it is that is loaded is open; the other one is its duplicate.
      expect(await load(one, two)).toMatchObject({ code: 0 });
      const statuses = (await ledgerRows(database)).map(({ status }) => status);
      expect(statuses.slice(0, 2)).toEqual(['reverted', 'duplicate']);
      expect(statuses.slice(2).sort()).toEqual(['duplicate', 'loaded']);
      await expectExactly(database, [onlyRejects(expectedWrong), expectedWrong], { byName: false });
      expect((await load(one, two)).stdout.match(/nothing to do/g)).toHaveLength(2);
      await expectExactly(database, [onlyRejects(expectedWrong), expectedWrong], { byName: false });
    } finally {
      await service.close();
      await rm(elsewhere, { recursive: true, force: true });
    }
  }, 60_000);

  it('I3 exits with 1 where a file is held, the second time as well, and says what to do', async () => {
    writeFileSync(join(directory, 'held.csv'), plainFile(HELD));
    for (const time of [1, 2]) {
      const { code, stdout } = await load('held.csv');
      expect(code, `time ${time}`).toBe(1);
      expect(stdout).toMatch(/held\.csv: held: 100 of 300 rows \(33\.3 %\) are rejected, the limit is 20 %.*release/);
    }
    await expectExactly(database, [onlyRejects(expectedHeld)]);
  }, 60_000);
});
