import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../../src/database/client.ts';
import { EVENT_COLUMNS } from '../../../src/ingest/event-columns.ts';
import { releaseFile } from '../../../src/ingest/ledger/release-file.ts';
import { eventually } from '../../support/eventually.ts';
import { expectAccounting } from '../../support/exact-load.ts';
import { release, revert } from '../../support/file-calls.ts';
import { HeldLoads } from '../../support/held-loads.ts';
import { HeldRemoval, untilRemovalIsHeld } from '../../support/held-removal.ts';
import { HeldTable } from '../../support/held-table.ts';
import { settledFile, settledVersions } from '../../support/ledger.ts';
import { HEADER } from '../../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { createTestDirectory, startTestService, type TestService } from '../../support/service.ts';

/** Less than `lock_timeout`: a load that is held for so long is queued again, too. */
const LOOKED_AT_WITHIN_MS = 15_000;

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

async function start(env: Record<string, string> = {}): Promise<TestService> {
  running = await startTestService({ directory, database, env: { LOADERS: '2', RESCAN_MS: '200', ...env } });
  return running;
}

const put = (name: string, text: string) => writeFile(join(directory, name), text);
const row = (n: number, type = 'view') => `u1,${type},2024-01-15,p1,Mug,1.00,s${n}`;
const file = (...rows: readonly string[]) => HEADER + rows.map((text) => `${text}\n`).join('');
/** Corrects the rejects on these lines. */
const sheet = (fileId: number, ...rows: readonly (readonly [line: number, text: string])[]) =>
  `${EVENT_COLUMNS.join(',')},sluice_message\n${rows.map(([line, text]) => `${text},"(file ${fileId}, line ${line})"\n`).join('')}`;

/** Each event is in the table once. */
async function expectSessions(...sessions: readonly string[]): Promise<void> {
  const found = await database.query<{ session_id: string }>('select session_id from user_events order by 1');
  expect(found.map(({ session_id }) => session_id)).toEqual(sessions);
  await expectAccounting(database);
}

async function rowsCorrected(fileId: number): Promise<number> {
  const [found] = await database.query<{ rows: number }>(
    'select rows_corrected::int as rows from source_files where file_id = $1',
    [fileId],
  );
  return found?.rows ?? Number.NaN;
}

describe('a spreadsheet of corrections', () => {
  it('I1 waits for the rejects of a file that is being released, and corrects none a second time', async () => {
    const { url } = await start({ MAX_REJECT_PERCENT: '50' });
    await put('held.csv', file(row(0, 'look'), row(1, 'look'), row(2, 'look'), row(3)));
    const { id } = await settledFile(database, 'held.csv');
    await put('first.csv', sheet(id, [2, row(0)], [3, row(1)]));
    await settledFile(database, 'first.csv');
    const hold = await HeldLoads.hold(database);
    expect((await release(url, id)).status).toBe(202);
    await hold.untilHeld();
    await put('second.csv', sheet(id, [4, row(2)]));
    await put('third.csv', sheet(id, [2, row(0)], [3, row(1)], [4, row(2, 'look')]));
    await eventually(async () => {
      const tried = await database.query(
        "select 1 from source_files where name = 'second.csv' and attempts > 0 and status = 'queued'",
      );
      expect(tried).toHaveLength(1);
    }, LOOKED_AT_WITHIN_MS);
    await hold.release();
    expect(await settledFile(database, 'held.csv')).toMatchObject({ status: 'loaded', loaded: 1, rejected: 3 });
    expect(await settledFile(database, 'second.csv')).toMatchObject({ loaded: 1, rejected: 0 });
    expect(await settledFile(database, 'third.csv')).toMatchObject({ status: 'held', loaded: 0, rejected: 3 });
    await expectSessions('s0', 's1', 's2', 's3');
    expect(await rowsCorrected(id)).toBe(3);
  });

  it('I1 loads no row of which the whole has been loaded since its piece was rejected', async () => {
    const { url } = await start();
    await put('grows.csv', `${HEADER}${row(0).slice(0, -3)}`);
    const { id } = await settledFile(database, 'grows.csv');
    await appendFile(join(directory, 'grows.csv'), ',s0\n');
    const [, whole] = await settledVersions(database, 'grows.csv', 2);
    expect(whole).toMatchObject({ loaded: 1, rejected: 0 });
    await put('late.csv', sheet(id, [2, row(0)]));
    expect(await settledFile(database, 'late.csv')).toMatchObject({ loaded: 0, reasons: { already_corrected: 1 } });
    await expectSessions('s0');

    // Once the whole is taken out, the piece is all that there was of it.
    expect((await revert(url, whole?.id ?? 0)).status).toBe(200);
    expect(await rowsCorrected(id)).toBe(0);
    await put('again.csv', `${sheet(id, [2, row(0)])}\n`);
    expect(await settledFile(database, 'again.csv')).toMatchObject({ loaded: 1 });
    await expectSessions('s0');
  });

  it('I1 that is committed while a version with the whole row is being loaded keeps that row from being loaded', async () => {
    await start();
    await put('grows.csv', `${HEADER}${row(0).slice(0, -3)}`);
    const { id } = await settledFile(database, 'grows.csv');
    // With a reject of its own it is held in front of the statement that takes the piece back, and behind the look at it.
    const hold = await HeldTable.hold(database, 'rejected_rows');
    await appendFile(join(directory, 'grows.csv'), `,s0\n${row(1, 'look')}\n`);
    await hold.untilHeld();
    await put('mended.csv', sheet(id, [2, row(0)]));
    expect(await settledFile(database, 'mended.csv')).toMatchObject({ loaded: 1 });
    await hold.release();
    const [, later] = await settledVersions(database, 'grows.csv', 2);
    expect(later).toMatchObject({ loaded: 0, rejected: 2, attempts: 2, failures: 0 });
    await expectSessions('s0');
    expect(await rowsCorrected(id)).toBe(1);
  });

  it('I3 is no correction of what stands on the same lines after the file was released and has changed', async () => {
    const { close } = await start({ MAX_REJECT_PERCENT: '20' });
    await put('held.csv', file(row(0, 'look'), row(1)));
    const { id } = await settledFile(database, 'held.csv');
    await put('mended.csv', sheet(id, [2, row(0)]));
    await settledFile(database, 'mended.csv');
    await close();
    const { connectionString } = database;
    const pool = openDatabase({
      connectionString,
      applicationName: 'sluice-test',
      maxConnections: 1,
      onError: () => {},
    });
    await releaseFile(pool, id);
    await pool.$client.end();
    await put('held.csv', file(row(5, 'another look'), row(6), row(7)));
    await start();
    expect(await settledFile(database, 'held.csv')).toMatchObject({ status: 'loaded', loaded: 2, rejected: 1 });
    expect(await rowsCorrected(id)).toBe(0);
    await put('other.csv', sheet(id, [2, row(5)]));
    expect(await settledFile(database, 'other.csv')).toMatchObject({ loaded: 1 });
    await expectSessions('s0', 's5', 's6', 's7');
  });
});

describe('undo', () => {
  it('of two corrections at once, each of which has closed rejects of the other one, is done for both', async () => {
    const { url } = await start();
    await put('dirty.csv', file(row(0, 'look'), row(1, 'look')));
    const { id } = await settledFile(database, 'dirty.csv');
    await put('one.csv', sheet(id, [2, row(0)], [3, row(1, 'still wrong')]));
    const one = await settledFile(database, 'one.csv');
    await put('other.csv', sheet(id, [2, row(0)], [3, row(1)]));
    const other = await settledFile(database, 'other.csv');
    expect(await Promise.all([id, one.id, other.id].map(rowsCorrected))).toEqual([2, 1, 1]);
    const holds = [await HeldRemoval.of(database, one.id), await HeldRemoval.of(database, other.id)];
    const undone = Promise.all([revert(url, one.id), revert(url, other.id)]);
    await untilRemovalIsHeld(database, 2);
    await Promise.all(holds.map((hold) => hold.release()));
    expect((await undone).map(({ status }) => status)).toEqual([200, 200]);
    expect(await Promise.all([id, one.id, other.id].map(rowsCorrected))).toEqual([0, 0, 0]);
    await expectSessions();
  });

  it('of a correction waits for longer than 5 s where the file that it corrects is being changed', async () => {
    const { url } = await start();
    await put('dirty.csv', file(row(0, 'look')));
    const { id } = await settledFile(database, 'dirty.csv');
    await put('mended.csv', sheet(id, [2, row(0)]));
    const { id: mended } = await settledFile(database, 'mended.csv');
    const hold = await HeldTable.holdRow(database, `select 1 from source_files where file_id = ${id} for update`);
    const undone = revert(url, mended);
    await eventually(async () => {
      const waiting = await database.query(`
        select 1 from pg_stat_activity
         where application_name = 'sluice-removal' and datname = current_database() and wait_event_type = 'Lock'
           and query_start < clock_timestamp() - interval '5.5 s'`);
      expect(waiting).toHaveLength(1);
    });
    await hold.release();
    expect((await undone).status).toBe(200);
    await expectSessions();
  });
});
