import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, onTestFailed } from 'vitest';
import { generateCsv } from '../../src/generator/event-generator.ts';
import { createRandom } from '../../src/generator/random.ts';
import { eventually } from '../support/eventually.ts';
import { expectAccounting, expectExactly } from '../support/exact-load.ts';
import { type ExpectedFile, expectedOf } from '../support/expected-events.ts';
import { ledgerRows, settledRows } from '../support/ledger.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestDirectory } from '../support/service.ts';
import { atFullSpeed, slowDownLoads } from '../support/slow-rows.ts';
import { spawnService } from '../support/sluice-process.ts';

const KILLS = 8;
const FILES = 1200;
/** How long a service lives behind its first claim, at most: one portion of these takes a few tenths of a second. */
const LIFE_MS = 400;

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

it(`A1 I1 I2 I3 ${FILES} small files survive ${KILLS} SIGKILLs in the middle of portions`, async () => {
  const seed = `${process.env['SLUICE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31)}`;
  onTestFailed(() => console.error(`to repeat these kills: SLUICE_TEST_SEED=${seed}`));
  const random = createRandom(`${seed}/kills`);
  await slowDownLoads(database, 0.0002);
  const files: ExpectedFile[] = [];
  for (let n = 0; n < FILES; n += 1) {
    const bytes = Buffer.concat([...generateCsv({ seed: `${seed}/${n}`, rows: 1 + random.below(12), dirty: 0.1 })]);
    files.push(expectedOf(`${n}.csv`, bytes));
    writeFileSync(join(directory, `${n}.csv`), bytes);
  }
  let inMidPortion = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const service = spawnService({ databaseUrl: database.connectionString, inputDirectory: directory });
    await service.ready();
    await eventually(async () => {
      const loading = `select 1 from source_files where status = 'loading' and lease_until > now() limit 1`;
      expect(await database.query(loading)).toHaveLength(1);
    });
    await delay(random.below(LIFE_MS));
    await service.kill('SIGKILL');
    await expectAccounting(database);
    const loading = (await ledgerRows(database)).filter(({ status }) => status === 'loading');
    if (loading.length > 1) inMidPortion += 1;
  }
  await atFullSpeed(database);
  const last = spawnService({ databaseUrl: database.connectionString, inputDirectory: directory });
  const rows = await settledRows(database, FILES, 90_000);
  expect(rows.filter(({ status, failures }) => status !== 'loaded' || failures !== 0)).toEqual([]);
  await expectExactly(database, files);
  expect(inMidPortion, 'no kill has met a portion: the test has lost its point').toBeGreaterThan(0);
  expect(await last.kill('SIGTERM')).toEqual({ code: 0, signal: null });
}, 240_000);
