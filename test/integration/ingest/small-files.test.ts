import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Service } from '../../../src/app.ts';
import { createLogger } from '../../../src/log.ts';
import { DatabaseProxy } from '../../support/database-proxy.ts';
import { emptyTables } from '../../support/empty-tables.ts';
import { eventually } from '../../support/eventually.ts';
import { expectAccounting, expectExactly } from '../../support/exact-load.ts';
import { HeldLoads } from '../../support/held-loads.ts';
import { ledgerRows, settledFile, settledRows } from '../../support/ledger.ts';
import { expectedPlain, type PlainRows, plainFile } from '../../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { createTestDirectory, startTestService, type TestService, WORKER_FILE } from '../../support/service.ts';

let database: TestDatabase;
let directory: string;
let services: TestService[];

beforeEach(async () => {
  database = await createTestDatabase();
  directory = await createTestDirectory();
  services = [];
});

afterEach(async () => {
  await Promise.all(services.map((service) => service.close()));
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

async function start(env: Readonly<Record<string, string>> = {}): Promise<TestService> {
  const service = await startTestService({ database, directory, env });
  services.push(service);
  return service;
}

/** Writes `count` files of a few rows each, some of them bad; answers with what each of them holds. */
async function writeSmallFiles(count: number): Promise<PlainRows[]> {
  const files = Array.from({ length: count }, (_, n) => ({ tag: `small-${n}`, to: 1 + (n % 5), badEvery: 4 }));
  for (const file of files) writeFileSync(join(directory, `${file.tag}.csv`), plainFile(file));
  return files;
}

const expected = (files: readonly PlainRows[]) => files.map((file) => expectedPlain(`${file.tag}.csv`, file));

/** How many transactions have written the last versions of the ledger rows. */
async function transactions(where = 'true'): Promise<number> {
  const [row] = await database.query<{ n: number }>(
    `select count(distinct xmin::text)::int as n from source_files where ${where}`,
  );
  return row?.n ?? 0;
}

/** Ten files in a loader that is held in front of its COPY: what the ledger says of them has been asked already. */
async function heldPortion(): Promise<{ hold: HeldLoads; pid: number; files: PlainRows[] }> {
  const files = await writeSmallFiles(10);
  const hold = await HeldLoads.hold(database);
  await start();
  const pid = await hold.untilHeld();
  expect((await ledgerRows(database)).map(({ status }) => status)).toEqual(files.map(() => 'loading'));
  return { hold, pid, files };
}

describe('many small files', () => {
  it('I1 I2 are in the ledger one by one, and share few transactions', async () => {
    const files = await writeSmallFiles(2000);
    await start();
    const rows = await settledRows(database, files.length, 60_000);
    expect(rows.filter(({ status, attempts }) => status !== 'loaded' || attempts !== 1)).toEqual([]);
    expect(await transactions()).toBeLessThan(files.length / 50);
    await expectExactly(database, expected(files));
  }, 90_000);

  it('I1 are shared by two replicas, each file loaded by one of them', async () => {
    const files = await writeSmallFiles(3000);
    await Promise.all([start(), start()]);
    await settledRows(database, files.length, 90_000);
    const owners = await database.query('select distinct claimed_by from source_files');
    expect(owners).toHaveLength(2);
    await expectExactly(database, expected(files));
  }, 120_000);
});

describe('a portion in which one file goes wrong', () => {
  it('D13 I3 parks the one that holds a row which the database refuses, and no other', async () => {
    const files = await writeSmallFiles(20);
    await database.query(`alter table user_events add constraint no_poison check (product_name not like '%small-7')`);
    await start();
    const good = files.filter(({ tag }) => tag !== 'small-7');
    for (const failures of [1, 2, 3, 4]) {
      await eventually(async () => {
        const skipped = await database.query(
          `update source_files set available_at = now()
            where name = 'small-7.csv' and failures = $1 and status = 'queued' returning 1`,
          [failures],
        );
        expect(skipped).toHaveLength(1);
      });
    }
    const failed = await settledFile(database, 'small-7.csv');
    expect(failed).toMatchObject({ status: 'failed', errorCode: 'load_failed', failures: 5 });
    const others = (await ledgerRows(database)).filter(({ name }) => name !== 'small-7.csv');
    expect(
      others.filter(({ status, attempts, failures }) => `${status} ${attempts} ${failures}` !== 'loaded 1 0'),
    ).toEqual([]);
    await expectExactly(database, expected(good));
  });

  it('I1 leaves out the one whose bytes another replica commits in the middle; the others stay together', async () => {
    const { hold, files } = await heldPortion();
    const twin = files[3] ?? { tag: '', to: 0 };
    const [other] = await database.query<{ id: number }>(
      `insert into source_files (name, path, origin, status, size_bytes, fingerprint, sha256, finished_at)
       values ('elsewhere.csv', '/elsewhere.csv', 'directory', 'loaded', 1, '', $1, now()) returning file_id::int as id`,
      [createHash('sha256').update(plainFile(twin)).digest('hex')],
    );
    await hold.release();
    expect(await settledFile(database, `${twin.tag}.csv`)).toMatchObject({
      status: 'duplicate',
      duplicateOf: other?.id,
      attempts: 1,
    });
    await settledRows(database, files.length + 1);
    expect(await transactions(`status = 'loaded' and name <> 'elsewhere.csv'`)).toBe(1);
    await expectExactly(database, expected(files.filter((file) => file !== twin)));
  });

  it('A5 I1 commits nothing for the one that was taken over, and all of the others', async () => {
    const { hold, files } = await heldPortion();
    await database.query(
      `update source_files set attempts = attempts + 1, claimed_by = 'another', lease_until = now() + interval '1 hour'
        where name = 'small-5.csv'`,
    );
    await hold.release();
    const others = files.filter(({ tag }) => tag !== 'small-5');
    await eventually(async () => expect(await transactions(`status = 'loaded'`)).toBe(1));
    await expectExactly(database, expected(others));
    const taken = (await ledgerRows(database)).find(({ name }) => name === 'small-5.csv');
    expect(taken).toMatchObject({ status: 'loading', attempts: 2, read: 0 });
  });
});

describe('a file that is touched while its portion is being loaded', () => {
  it('C3 I5 waits where it was appended to, and is loaded whole where it was deleted or given other permissions', async () => {
    const { hold, files } = await heldPortion();
    const grown = { ...files[2], tag: 'small-2', to: 9, badEvery: 4 };
    writeFileSync(join(directory, 'small-2.csv'), plainFile(grown));
    await rm(join(directory, 'small-3.csv'));
    await chmod(join(directory, 'small-4.csv'), 0o600);
    await hold.release();
    const rows = await settledRows(database, files.length);
    expect(rows.filter(({ attempts }) => attempts > 1).map(({ name }) => name)).toEqual(['small-2.csv']);
    await expectExactly(database, expected(files.map((file) => (file.tag === 'small-2' ? grown : file))));
  });
});

describe('a portion that is broken off', () => {
  it('A3 I1 I2 by the loss of its connection waits, counts as no failure, and is loaded file by file', async () => {
    const { hold, pid, files } = await heldPortion();
    await database.query('select pg_terminate_backend($1)', [pid]);
    await eventually(async () => {
      expect((await ledgerRows(database)).map(({ status }) => status)).toEqual(files.map(() => 'queued'));
    });
    await expectAccounting(database);
    await hold.release();
    const rows = await settledRows(database, files.length);
    expect(rows.filter(({ attempts, failures }) => attempts !== 2 || failures !== 0)).toEqual([]);
    expect(await transactions()).toBe(files.length);
    await expectExactly(database, expected(files));
  });

  it('A10 I1 I4 by the loss of the answer to its COMMIT is loaded once', async () => {
    const files = await writeSmallFiles(10);
    const proxy = await DatabaseProxy.start(database.connectionString);
    try {
      proxy.commitRepliesToLose = 1;
      services.push(
        await startTestService({ database: { ...database, connectionString: proxy.connectionString }, directory }),
      );
      await settledRows(database, files.length);
      await eventually(() => expect(services[0]?.logLines.join('')).toContain('rolled back and will be tried again'));
      expect(await transactions()).toBe(1);
      await expectExactly(database, expected(files));
    } finally {
      await services.pop()?.service.stop();
      await proxy.close();
    }
  });

  it('A8 I1 I3 by the death of its thread counts as a failure of the file alone that kills it again', async () => {
    const files = await writeSmallFiles(10);
    const marker = JSON.stringify(`${directory}/.deaths`);
    const workerFile = join(directory, '.worker.mjs');
    writeFileSync(
      workerFile,
      `import * as loader from ${JSON.stringify(pathToFileURL(WORKER_FILE).href)};
       import { appendFileSync, readFileSync } from 'node:fs';
       function die() {
         appendFileSync(${marker}, 'x');
         if (readFileSync(${marker}).length <= 2) process.exit(3);
       }
       export async function runTask(task) {
         if (task.file.name === 'small-6.csv') die();
         return await loader.runTask(task);
       }
       export async function runPortion(task) {
         if (task.files.some(({ name }) => name === 'small-6.csv')) die();
         return await loader.runPortion(task);
       }`,
    );
    const { config } = await start();
    await services[0]?.service.stop();
    await emptyTables(database);
    const service = new Service({ config, log: createLogger('silent'), workerFile });
    try {
      await service.start();
      const rows = await settledRows(database, files.length);
      const attempts = rows.map(({ name, failures, attempts }) => ({ name, failures, attempts }));
      expect(attempts.sort((a, b) => b.attempts - a.attempts).slice(0, 2)).toEqual([
        { name: 'small-6.csv', failures: 1, attempts: 3 },
        { name: expect.any(String), failures: 0, attempts: 2 },
      ]);
      await expectExactly(database, expected(files));
    } finally {
      await service.stop();
    }
  });

  it('I1 by a stop is back in the queue as a whole, and loaded by the next start', async () => {
    const { hold, files } = await heldPortion();
    await services.pop()?.service.stop();
    const rows = await ledgerRows(database);
    expect(rows.filter(({ status, failures }) => `${status} ${failures}` !== 'queued 0')).toEqual([]);
    await hold.release();
    await start();
    await settledRows(database, files.length);
    await expectExactly(database, expected(files));
  });
});
