import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { expectExactly } from '../support/exact-load.ts';
import { settledRows } from '../support/ledger.ts';
import { expectedPlain, plainFile } from '../support/plain-events.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { createTestDirectory } from '../support/service.ts';
import { spawnService } from '../support/sluice-process.ts';

/** Commits so small that the third read comes behind several of them. */
const SMALL_COMMITS = { COMMIT_ROWS: '300', RESCAN_MS: '500' };

it('C9 I1 I3 a disk that fails once costs another attempt, one that always does costs that file alone, a slow one nothing', async () => {
  const database = await createTestDatabase();
  const directory = await createTestDirectory();
  try {
    const files = ['once', 'always', 'always-small', 'short', 'short-small', 'sound', 'sound-small'].map((tag) => ({
      name: `${tag}.csv`,
      rows: { tag, to: tag.endsWith('small') ? 20 : 4000, badEvery: 7 },
    }));
    for (const { name, rows } of files) writeFileSync(join(directory, name), plainFile(rows));
    spawnService({
      databaseUrl: database.connectionString,
      inputDirectory: directory,
      preload: ['file-system.mjs'],
      env: {
        ...SMALL_COMMITS,
        SLUICE_FILE_FAULT:
          'read:EIO@3~/once.csv,read:EIO@3+~/always.csv,read:EIO~/always-small.csv,read:short~/short.csv,read:short~/short-small.csv',
      },
    });
    // Five attempts, with pauses of 1, 2, 4 and 8 s between them.
    const rows = await settledRows(database, files.length, 40_000);
    const byName = Object.fromEntries(rows.map((row) => [row.name, row]));
    for (const name of ['always.csv', 'always-small.csv']) {
      expect(byName[name]).toMatchObject({
        status: 'failed',
        errorCode: 'load_failed',
        failures: 5,
        loaded: 0,
        read: 0,
      });
      expect(byName[name]?.errorMessage).toMatch(/^given up after 5 attempts: EIO/);
    }
    expect(byName['once.csv']).toMatchObject({ status: 'loaded', failures: 1 });
    for (const name of ['short.csv', 'short-small.csv', 'sound.csv', 'sound-small.csv']) {
      expect(byName[name]).toMatchObject({ status: 'loaded', failures: 0 });
    }
    await expectExactly(
      database,
      files.filter(({ name }) => !name.startsWith('always')).map(({ name, rows }) => expectedPlain(name, rows)),
    );
  } finally {
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  }
}, 60_000);
