import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EVENT_COLUMNS } from '../../src/ingest/event-columns.ts';
import { expectAccounting } from '../support/exact-load.ts';
import { HeldLoads } from '../support/held-loads.ts';
import { settledFile } from '../support/ledger.ts';
import { plainFile } from '../support/plain-events.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { rejectSheet, savedSheet } from '../support/reject-sheet.ts';
import { createTestDirectory } from '../support/service.ts';
import { spawnService } from '../support/sluice-process.ts';

const ROWS = { tag: 'dirty', to: 3000, badEvery: 1 };

it('I1 I2 a spreadsheet of corrected rejects is loaded once, though its process is killed between two commits of it', async () => {
  const database = await createTestDatabase();
  const directory = await createTestDirectory();
  try {
    const options = {
      databaseUrl: database.connectionString,
      inputDirectory: directory,
      env: { COMMIT_ROWS: '500', RESCAN_MS: '200' },
    };
    const first = spawnService(options);
    const url = await first.ready();
    writeFileSync(join(directory, 'dirty.csv'), plainFile(ROWS));
    const { id } = await settledFile(database, 'dirty.csv');
    const sheet = await rejectSheet(url, id);
    expect(sheet.columns).toEqual([...EVENT_COLUMNS, 'sluice_line', 'sluice_reason', 'sluice_message']);
    const mended = { ...sheet, rows: sheet.rows.map((row) => ({ ...row, product_price: '1.00' })) };
    const before = await HeldLoads.hold(database);
    writeFileSync(join(directory, 'mended.csv'), savedSheet(mended));
    await before.untilHeld();
    const hold = await before.passOneCommit();
    await hold.untilHeld();
    await first.kill('SIGKILL');
    await hold.release();
    const inTheMiddle = await database.query<{ corrected: number }>(
      'select rows_corrected::int as corrected from source_files where file_id = $1 and rows_corrected between 1 and 2999',
      [id],
    );
    expect(inTheMiddle).toHaveLength(1);
    spawnService(options);
    expect(await settledFile(database, 'mended.csv')).toMatchObject({ loaded: ROWS.to, rejected: 0, attempts: 2 });
    const [counted] = await database.query(`
      select count(*)::int as events, count(distinct session_id)::int as sessions,
             (select rows_corrected::int from source_files where name = 'dirty.csv') as corrected,
             (select count(*)::int from corrected_rejects) as closed
        from user_events`);
    expect(counted).toEqual({ events: ROWS.to, sessions: ROWS.to, corrected: ROWS.to, closed: ROWS.to });
    await expectAccounting(database);
  } finally {
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  }
});
