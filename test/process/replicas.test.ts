import { rm, writeFile } from 'node:fs/promises';
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

/** A lease lasts 3 s, the ledger is asked every second, and a busy machine takes its time. */
const TAKEN_OVER_WITHIN_MS = 6000;

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

const start = (env: Readonly<Record<string, string>> = {}): SluiceProcess =>
  spawnService({
    databaseUrl: database.connectionString,
    inputDirectory: directory,
    env: { RESCAN_MS: '500', ...env },
  });

/** Replicas that have claimed a file; which of them loaded what is theirs to decide. */
async function owners(): Promise<number> {
  const [row] = await database.query<{ owners: number }>(
    'select count(distinct claimed_by)::int as owners from source_files',
  );
  return row?.owners ?? 0;
}

describe('two replicas of one folder and database', () => {
  it('I1 I3 share 300 files, each once, also when one of them is killed in the middle', async () => {
    const replicas = [start(), start()];
    await Promise.all(replicas.map((replica) => replica.ready()));
    const files = Array.from({ length: 300 }, (_, n) => ({
      name: `${n}.csv`,
      rows: { tag: `f${n}`, to: 20 + (n % 50), badEvery: 11 },
    }));
    await Promise.all(files.map(({ name, rows }) => writeFile(join(directory, name), plainFile(rows))));
    await eventually(async () => {
      const loaded = (await ledgerRows(database)).filter(({ status }) => status === 'loaded').length;
      expect(loaded).toBeGreaterThan(100);
    });
    expect(await owners()).toBe(2);
    await replicas[0]?.kill('SIGKILL');
    const rows = await settledRows(database, files.length, 40_000);
    expect(rows.every(({ status }) => status === 'loaded')).toBe(true);
    await expectExactly(
      database,
      files.map(({ name, rows: expected }) => expectedPlain(name, expected)),
    );
  }, 60_000);

  it(`I1 a file whose replica is killed in mid-load is taken over within ${TAKEN_OVER_WITHIN_MS / 1000} s, behind its last commit`, async () => {
    const first = start({ COMMIT_ROWS: '300' });
    await first.ready();
    const before = await HeldLoads.hold(database);
    await writeFile(join(directory, 'large.csv'), plainFile({ tag: 'large', to: 4000 }));
    await before.untilHeld();
    const hold = await before.passOneCommit();
    await hold.untilHeld();
    await start().ready();
    await first.kill('SIGKILL');
    await hold.release();
    const file = await settledFile(database, 'large.csv', TAKEN_OVER_WITHIN_MS);
    expect(file).toMatchObject({ status: 'loaded', attempts: 2, failures: 0 });
    expect(await owners()).toBe(1);
    await expectExactly(database, [expectedPlain('large.csv', { tag: 'large', to: 4000 })]);
  });

  it('I1 one that was frozen in mid-load commits nothing when it thaws of what was taken over', async () => {
    const frozen = start({ COMMIT_ROWS: '300' });
    await frozen.ready();
    const before = await HeldLoads.hold(database);
    await writeFile(join(directory, 'large.csv'), plainFile({ tag: 'large', to: 4000 }));
    await before.untilHeld();
    const hold = await before.passOneCommit();
    await hold.untilHeld();
    frozen.child.kill('SIGSTOP');
    await hold.release();
    await start().ready();
    await settledFile(database, 'large.csv', 2 * TAKEN_OVER_WITHIN_MS);

    frozen.child.kill('SIGCONT');
    await eventually(() => expect(frozen.stdout).toContain('another replica has taken the file over'));
    await expectExactly(database, [expectedPlain('large.csv', { tag: 'large', to: 4000 })]);
    expect(await ledgerRows(database)).toMatchObject([{ status: 'loaded', attempts: 2 }]);

    // It is of use again.
    await writeFile(join(directory, 'more.csv'), plainFile({ tag: 'more', to: 5 }));
    expect(await settledFile(database, 'more.csv')).toMatchObject({ status: 'loaded' });
    expect(await frozen.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  });
});
