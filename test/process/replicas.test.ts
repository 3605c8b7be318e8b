import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrateDatabase } from '../../src/database/migrate.ts';
import { eventually } from '../support/eventually.ts';
import { expectExactly } from '../support/exact-load.ts';
import { HeldLoads } from '../support/held-loads.ts';
import { expectNothingLeaked } from '../support/leaks.ts';
import { ledgerRows, settledFile, settledRows } from '../support/ledger.ts';
import { expectedPlain, plainFile } from '../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { putFiles } from '../support/put-files.ts';
import { createTestDirectory } from '../support/service.ts';
import { slowDownLoads } from '../support/slow-rows.ts';
import { type SluiceProcess, spawnService } from '../support/sluice-process.ts';

/** A lease lasts 3 s, and the ledger is asked every second. */
const TAKEN_OVER_WITHIN_MS = 5000;
/** Between two statements a transaction may rest for 10 s, until when its ledger row is locked. */
const LET_GO_WITHIN_MS = 10_000 + TAKEN_OVER_WITHIN_MS;
const SCAN_MS = 500;

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

const start = (env: Readonly<Record<string, string>> = {}, preload: readonly string[] = []): SluiceProcess =>
  spawnService({
    preload,
    databaseUrl: database.connectionString,
    inputDirectory: directory,
    env: { RESCAN_MS: String(SCAN_MS), ...env },
  });

/** Replicas that have claimed a file; which of them loaded what is theirs to decide. */
async function owners(): Promise<number> {
  const [row] = await database.query<{ owners: number }>(
    'select count(distinct claimed_by)::int as owners from source_files',
  );
  return row?.owners ?? 0;
}

describe('two replicas of one folder and database', () => {
  it('A4 I1 I3 share 300 files, each once, also when one of them is killed in the middle', async () => {
    const replicas = [start(), start()];
    await Promise.all(replicas.map((replica) => replica.ready()));
    // So large that a portion of small files has a fifth of them: neither replica can take them all.
    const files = Array.from({ length: 300 }, (_, n) => ({
      name: `${n}.csv`,
      rows: { tag: `f${n}`, to: 150 + (n % 50), badEvery: 11 },
    }));
    await putFiles(
      directory,
      files.map(({ name, rows }) => ({ name, content: plainFile(rows) })),
    );
    await eventually(async () => {
      const loaded = (await ledgerRows(database)).filter(({ status }) => status === 'loaded').length;
      expect(loaded).toBeGreaterThan(100);
      expect(await owners()).toBe(2);
    });
    await replicas[0]?.kill('SIGKILL');
    const rows = await settledRows(database, files.length, 40_000);
    expect(rows.every(({ status }) => status === 'loaded')).toBe(true);
    await expectExactly(
      database,
      files.map(({ name, rows: expected }) => expectedPlain(name, expected)),
    );
  }, 60_000);

  it(`A4 I1 a file whose replica is killed in mid-load is taken over within ${TAKEN_OVER_WITHIN_MS / 1000} s, behind its last commit`, async () => {
    const first = start({ COMMIT_ROWS: '300' });
    await first.ready();
    const before = await HeldLoads.hold(database);
    writeFileSync(join(directory, 'large.csv'), plainFile({ tag: 'large', to: 4000 }));
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

  it('A5 I1 one that was frozen in mid-load commits nothing when it thaws of what was taken over', async () => {
    const frozen = start({ COMMIT_ROWS: '300' });
    await frozen.ready();
    const before = await HeldLoads.hold(database);
    writeFileSync(join(directory, 'large.csv'), plainFile({ tag: 'large', to: 4000 }));
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
    writeFileSync(join(directory, 'more.csv'), plainFile({ tag: 'more', to: 5 }));
    expect(await settledFile(database, 'more.csv')).toMatchObject({ status: 'loaded' });
    expect(await frozen.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  });

  it.each([
    ['with rows of a COPY under way', 'load.copy.middle', TAKEN_OVER_WITHIN_MS],
    ['between its last statement and its commit', 'load.ledger.after', LET_GO_WITHIN_MS],
  ])(
    'A5 I1 one that is frozen %s is replaced, and its transaction comes to nothing',
    async (_, point, withinMs) => {
      const rows = { tag: 'large', to: 4000, badEvery: 30 };
      const frozen = start({ SLUICE_FAULT: `${point}:stop` }, ['points.mjs']);
      const other = start({ RESCAN_MS: '60000' });
      await Promise.all([frozen.ready(), other.ready()]);
      // Only the first one sees it arrive, and only the other one can finish it.
      other.child.kill('SIGSTOP');
      writeFileSync(join(directory, 'large.csv'), plainFile(rows));
      await eventually(() => expect(frozen.stderr).toContain(`fault ${point} stop`));
      other.child.kill('SIGCONT');
      expect(await settledFile(database, 'large.csv', withinMs)).toMatchObject({ status: 'loaded', attempts: 2 });
      frozen.child.kill('SIGCONT');
      await eventually(() => expect(frozen.stdout).toMatch(/another replica has taken the file over|rolled back/));
      writeFileSync(join(directory, 'more.csv'), plainFile({ tag: 'more', to: 5 }));
      await settledFile(database, 'more.csv');
      await expectExactly(database, [
        expectedPlain('large.csv', rows),
        expectedPlain('more.csv', { tag: 'more', to: 5 }),
      ]);
      expect(await frozen.kill('SIGTERM')).toEqual({ code: 0, signal: null });
      await expectNothingLeaked({ database, directory });
    },
    60_000,
  );

  it('A4 share the work: neither is idle for more than two scans while files wait', async () => {
    await slowDownLoads(database, 0.0002);
    await Promise.all([start().ready(), start().ready()]);
    // Each too large to share a loader, so that there is something to hand out.
    const files = Array.from({ length: 12 }, (_, n) => ({ name: `${n}.csv`, rows: { tag: `f${n}`, to: 1500 } }));
    await putFiles(
      directory,
      files.map(({ name, rows }) => ({ name, content: plainFile(rows) })),
    );
    await settledRows(database, files.length, 60_000);
    // From the ledger: for each owner its loads in a row, while anything still waited.
    const pauses = await database.query<{ pause: number }>(`
      select extract(epoch from started_at - lag(finished_at) over (partition by claimed_by order by started_at))::float * 1000 as pause
        from source_files`);
    expect(pauses.filter(({ pause }) => pause !== null && pause > 2 * SCAN_MS)).toEqual([]);
    const shares = await database.query<{ files: number }>(
      'select count(*)::int as files from source_files group by claimed_by',
    );
    expect(shares).toHaveLength(2);
    expect(Math.min(...shares.map(({ files: share }) => share))).toBeGreaterThan(2);
  }, 90_000);
});

describe('replicas that start at once', () => {
  const REPLICAS = 8;
  /** So many processes at once have a core for a while. */
  const ALL_READY_MS = 40_000;

  it(`A9 ${REPLICAS} of them on an empty database make its schema once, and all get ready`, async () => {
    const empty = await createTestDatabase({ migrated: false });
    try {
      const replicas = Array.from({ length: REPLICAS }, () =>
        spawnService({ databaseUrl: empty.connectionString, inputDirectory: directory }),
      );
      await Promise.all(replicas.map((replica) => replica.ready(ALL_READY_MS)));
      const [made] = await empty.query<{ runs: number; migrations: number }>(`
        select count(*)::int as runs, count(distinct hash)::int as migrations from drizzle.__drizzle_migrations`);
      expect(made?.runs).toBeGreaterThan(0);
      expect(made?.runs).toBe(made?.migrations);
      for (const replica of replicas) expect(replica.child.exitCode, replica.stderr).toBeNull();
      writeFileSync(join(directory, 'one.csv'), plainFile({ tag: 'one', to: 20 }));
      await settledFile(empty, 'one.csv');
      await expectExactly(empty, [expectedPlain('one.csv', { tag: 'one', to: 20 })]);
      const exits = await Promise.all(replicas.map((replica) => replica.kill('SIGTERM')));
      expect(exits).toEqual(replicas.map(() => ({ code: 0, signal: null })));
      await expectNothingLeaked({ database: empty, directory, replicas: 0 });
    } finally {
      await empty.drop();
    }
  }, 90_000);

  it('A9 however often: the migration itself, by eight at once, on three databases', async () => {
    const databases = await Promise.all([1, 2, 3].map(() => createTestDatabase({ migrated: false })));
    try {
      await Promise.all(
        databases.flatMap(({ connectionString }) =>
          Array.from({ length: REPLICAS }, () => migrateDatabase(connectionString)),
        ),
      );
      for (const each of databases) {
        const twice = 'select hash from drizzle.__drizzle_migrations group by hash having count(*) > 1';
        expect(await each.query(twice)).toEqual([]);
      }
    } finally {
      await Promise.all(databases.map((each) => each.drop()));
    }
  });
});
