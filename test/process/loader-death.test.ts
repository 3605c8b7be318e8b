import { writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { expectExactly } from '../support/exact-load.ts';
import { expectNothingLeaked, holdingsOf } from '../support/leaks.ts';
import { settledFile, settledRows } from '../support/ledger.ts';
import { expectedPlain, plainFile, plainRows } from '../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { putFiles } from '../support/put-files.ts';
import { createTestDirectory } from '../support/service.ts';
import { type SluiceProcess, spawnService } from '../support/sluice-process.ts';

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
  return spawnService({
    databaseUrl: database.connectionString,
    inputDirectory: directory,
    preload: ['small-threads.mjs', 'points.mjs'],
    env: { COMMIT_ROWS: '1000', RESCAN_MS: '300', ...env },
  });
}

/** Each of the faults happens once, to whichever thread comes first. */
async function startWithFaults(faults: readonly string[]): Promise<SluiceProcess> {
  const once = join(directory, '.faults');
  await mkdir(once);
  return start({ SLUICE_FAULT: faults.join(), SLUICE_FAULT_ONCE: once });
}

const told = (service: SluiceProcess) => service.stderr.match(/^fault .*$/gm) ?? [];
const asTold = (fault: string) => `fault ${fault.replace(':', ' ')}`;

it('A8 I1 I2 a loader that throws, exits and runs out of memory is replaced each time; the file is loaded once, others go on', async () => {
  const faults = [
    'load.begin.before:throw',
    'load.copy.middle:oom',
    'load.ledger.after:exit',
    'load.commit.after:exit',
  ];
  const service = await startWithFaults(faults);
  await service.ready();
  const before = await holdingsOf(service.child.pid ?? 0);
  const rows = { tag: 'unlucky', to: 2500, badEvery: 9 };
  writeFileSync(join(directory, 'unlucky.csv'), plainFile(rows));
  await eventually(() => expect(told(service)).toHaveLength(2));
  const other = { tag: 'other', to: 10 };
  writeFileSync(join(directory, 'other.csv'), plainFile(other));
  const settled = await settledRows(database, 2, 25_000);
  await eventually(() => expect(told(service)).toEqual(faults.map(asTold)));
  expect(settled.map(({ status }) => status)).toEqual(['loaded', 'loaded']);
  // Whichever of the two each fault has met; behind the last commit of a file it is no failure.
  const failures = settled.reduce((sum, file) => sum + file.failures, 0);
  expect([3, 4]).toContain(failures);
  await expectExactly(database, [expectedPlain('unlucky.csv', rows), expectedPlain('other.csv', other)]);
  await expectNothingLeaked({ database, directory, process: { pid: service.child.pid ?? 0, before } });
  expect(await service.kill('SIGTERM')).toEqual({ code: 0, signal: null });
}, 60_000);

it('A8 D13 I1 I3 a file that ends its loader each time is parked after five attempts, its rows taken out, and holds up no other', async () => {
  const service = start({ SLUICE_FAULT: 'load.copy.marked:exit' });
  await service.ready();
  // Rows of a first commit, and then the one that kills.
  writeFileSync(
    join(directory, 'deadly.csv'),
    plainFile({ tag: 'good', to: 2000 }) + plainRows({ tag: 'marked', from: 2000, to: 2001 }),
  );
  for (let failure = 1; failure < 5; failure += 1) {
    await eventually(async () => {
      const waiting = `select rows_read::int from source_files where name = 'deadly.csv' and status = 'queued' and failures = $1`;
      const [file] = await database.query<{ rows_read: number }>(waiting, [failure]);
      // What an earlier commit has loaded, and has to be taken out in the end.
      expect(file?.rows_read).toBeGreaterThan(0);
    });
    const other = `${failure}.csv`;
    writeFileSync(join(directory, other), plainFile({ tag: `other ${failure}`, to: 10 }));
    expect(await settledFile(database, other)).toMatchObject({ status: 'loaded' });
    // As if the pause were over.
    await database.query(`update source_files set available_at = now() where name = 'deadly.csv'`);
  }
  const settled = await settledRows(database, 5, 30_000);
  expect(settled.find(({ name }) => name === 'deadly.csv')).toMatchObject({
    status: 'failed',
    errorCode: 'load_failed',
    attempts: 5,
    failures: 5,
    loaded: 0,
  });
  await expectExactly(
    database,
    [1, 2, 3, 4].map((failure) => expectedPlain(`${failure}.csv`, { tag: `other ${failure}`, to: 10 })),
  );
  await expectNothingLeaked({ database, directory });
  expect(await service.kill('SIGTERM')).toEqual({ code: 0, signal: null });
}, 60_000);

it.each([
  'load.copy.middle:exit',
  'load.ledger.after:oom',
  'load.commit.after:exit',
])('A8 I1 I2 a portion of small files whose loader dies at %s is nobody’s failure, and each of them is loaded once', async (fault) => {
  const files = Array.from({ length: 15 }, (_, n) => ({ name: `${n}.csv`, rows: { tag: `f${n}`, to: 20 + n } }));
  await putFiles(
    directory,
    files.map(({ name, rows }) => ({ name, content: plainFile(rows) })),
  );
  const service = await startWithFaults([fault]);
  const rows = await settledRows(database, files.length);
  expect(told(service)).toEqual([asTold(fault)]);
  expect(rows.filter(({ status, failures }) => status !== 'loaded' || failures > 0)).toEqual([]);
  await expectExactly(
    database,
    files.map(({ name, rows: expected }) => expectedPlain(name, expected)),
  );
  await expectNothingLeaked({ database, directory });
  expect(service.child.exitCode).toBeNull();
});
