import { writeFileSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFailed } from 'vitest';
import { generateCsv } from '../../src/generator/event-generator.ts';
import { createRandom } from '../../src/generator/random.ts';
import { eventually } from '../support/eventually.ts';
import { expectAccounting, expectExactly } from '../support/exact-load.ts';
import { type ExpectedFile, expectedOf } from '../support/expected-events.ts';
import { HeldLoads } from '../support/held-loads.ts';
import { ledgerRows, settledFile, settledRows } from '../support/ledger.ts';
import { expectedPlain, plainFile } from '../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestDirectory } from '../support/service.ts';
import { atFullSpeed, slowDownLoads } from '../support/slow-rows.ts';
import { type SluiceProcess, spawnService } from '../support/sluice-process.ts';

const KILLS = 25;

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

function start(env: Readonly<Record<string, string>>): SluiceProcess {
  return spawnService({ databaseUrl: database.connectionString, inputDirectory: directory, env });
}

async function openConnections(): Promise<number> {
  const [row] = await database.query<{ open: number }>(
    `select count(*)::int as open from pg_stat_activity where datname = current_database() and application_name like 'sluice%'`,
  );
  return row?.open ?? 0;
}

describe('SIGKILL', () => {
  it(`A1 I1 I2 I3 at ${KILLS} random moments loses nothing, doubles nothing and forgets no file`, async () => {
    const seed = `${process.env['SLUICE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31)}`;
    const random = createRandom(`${seed}/kills`);
    const env = { COMMIT_ROWS: '200', RESCAN_MS: '200', AFTER_LOAD: 'archive', LOADERS: '2' };
    onTestFailed(() => console.error(`to repeat these kills: SLUICE_TEST_SEED=${seed}`));
    const big = { tag: 'big', to: 12_000, badEvery: 31 };
    await slowDownLoads(database, 0.0001);
    writeFileSync(join(directory, 'big.csv'), plainFile(big));
    const files: ExpectedFile[] = [expectedPlain('big.csv', big)];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const name = `${kill}.csv`;
      const bytes = Buffer.concat([
        ...generateCsv({ seed: `${seed}/${kill}`, rows: 60 + random.below(200), dirty: 0.1 }),
      ]);
      files.push(expectedOf(name, bytes));
      // Written in place: a kill may meet it half written, settled or loading.
      const written = writeFile(join(directory, name), bytes);
      const service = start(env);
      // Some die while they start, most while they load.
      if (random.below(5) > 0) await service.ready();
      await delay(random.below(500));
      await service.kill('SIGKILL');
      await written;
      await expectAccounting(database);
    }
    await atFullSpeed(database);
    const last = start(env);
    await settledRows(database, files.length, 30_000);
    await expectExactly(database, files);
    const attempts = (await ledgerRows(database)).reduce((sum, row) => sum + row.attempts, 0);
    expect(attempts, 'no kill has met a load: the test has lost its point').toBeGreaterThan(files.length);
    // A crash between commit and move is made good, and a crash in the move leaves at worst a second copy.
    await eventually(async () =>
      expect((await readdir(directory)).filter((name) => name.endsWith('.csv'))).toEqual([]),
    );
    const archived = await readdir(join(directory, '.archive'), { recursive: true });
    for (const { name } of files) expect(archived.map((path) => basename(path))).toContain(name);
    expect(await last.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  }, 240_000);
});

describe('SIGTERM in mid-load', () => {
  it('A6 lets a load finish that needs a moment, and exits with 0', async () => {
    await slowDownLoads(database, 0.0002);
    const rows = { tag: 'short', to: 1200 };
    const service = start({});
    await service.ready();
    writeFileSync(join(directory, 'short.csv'), plainFile(rows));
    await eventually(async () => expect(await ledgerRows(database)).toMatchObject([{ status: 'loading' }]));
    expect(await service.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await ledgerRows(database)).toMatchObject([{ status: 'loaded', read: 1200 }]);
    await expectExactly(database, [expectedPlain('short.csv', rows)]);
    await eventually(async () => expect(await openConnections()).toBe(0));
  });

  it('A6 I2 rolls back one that takes too long: exit code 0 within 10 s, nothing half, no connection left', async () => {
    await slowDownLoads(database, 0.002);
    const rows = { tag: 'long', to: 8000 };
    const service = start({ COMMIT_ROWS: '300' });
    await service.ready();
    writeFileSync(join(directory, 'long.csv'), plainFile(rows));
    await eventually(async () => expect((await ledgerRows(database))[0]?.read).toBeGreaterThan(0));
    const signalled = performance.now();
    expect(await service.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(performance.now() - signalled).toBeLessThan(10_000);
    await eventually(async () => expect(await openConnections()).toBe(0));
    const [row] = await ledgerRows(database);
    expect(row).toMatchObject({ status: 'queued', failures: 0 });
    await expectExactly(database, [expectedPlain('long.csv', { ...rows, to: row?.read ?? 0 })]);

    await atFullSpeed(database);
    start({});
    await settledFile(database, 'long.csv');
    await expectExactly(database, [expectedPlain('long.csv', rows)]);
  });

  it('A6 ends at once with code 1 at a second signal', async () => {
    const service = start({});
    await service.ready();
    const hold = await HeldLoads.hold(database);
    writeFileSync(join(directory, 'held.csv'), plainFile({ tag: 'held', to: 10 }));
    await hold.untilHeld();
    service.child.kill('SIGTERM');
    await eventually(() => expect(service.stdout).toContain('stopping: finishing or rolling back'));
    const signalled = performance.now();
    expect(await service.kill('SIGTERM')).toEqual({ code: 1, signal: null });
    expect(performance.now() - signalled).toBeLessThan(1500);
    await hold.release();
    await expectExactly(database, []);
  });
});
