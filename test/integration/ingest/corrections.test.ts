import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EVENT_COLUMNS } from '../../../src/ingest/event-columns.ts';
import { eventually } from '../../support/eventually.ts';
import { expectAccounting } from '../../support/exact-load.ts';
import { HeldLoads } from '../../support/held-loads.ts';
import { ledgerRows, settledFile, settledVersions } from '../../support/ledger.ts';
import { HEADER } from '../../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { createTestDirectory, startTestService, type TestService } from '../../support/service.ts';

const ROWS = 2000;
const COMMITS = { COMMIT_ROWS: '300', RESCAN_MS: '200' };
const CORRECTION_HEADER = `${EVENT_COLUMNS.join(',')},sluice_message\n`;

let directory: string;
let database: TestDatabase;
const running: TestService[] = [];

beforeEach(async () => {
  directory = await createTestDirectory();
  database = await createTestDatabase();
});

afterEach(async () => {
  for (const service of running.splice(0)) await service.close();
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

async function start(env: Record<string, string> = COMMITS): Promise<void> {
  running.push(await startTestService({ directory, database, env }));
}

const put = (name: string, text: string) => writeFile(join(directory, name), text);
const badRow = (n: number) => `u1,look,2024-01-15,p1,Mug,1.00,s${n}`;
/** Corrects the n-th reject of a file. */
const correction = (n: number, fileId: number, type = 'view') =>
  `${badRow(n).replace('look', type)},"event_type … (file ${fileId}, line ${n + 2})"\n`;
const corrections = (from: number, to: number, fileId: number, type?: string) =>
  Array.from({ length: to - from }, (_, index) => correction(from + index, fileId, type)).join('');

/** So that what is appended to the last row belongs to its session. */
const MESSAGE_FIRST = `sluice_message,${EVENT_COLUMNS.join(',')}\n`;
const messageFirst = (n: number, fileId: number) =>
  `"(file ${fileId}, line ${n + 2})",${badRow(n).replace('look', 'view')}`;

async function dirtyFile(rows = ROWS): Promise<number> {
  await put('dirty.csv', HEADER + Array.from({ length: rows }, (_, n) => `${badRow(n)}\n`).join(''));
  const { id, rejected } = await settledFile(database, 'dirty.csv');
  expect(rejected).toBe(rows);
  return id;
}

/** Each reject is closed by whom its row was loaded, each such row is there once, and the ledger counts it all. */
async function expectCorrected(count: number): Promise<void> {
  await expectAccounting(database);
  const [found] = await database.query(`
    select (select count(*)::int from user_events) as events,
           (select count(distinct session_id)::int from user_events) as sessions,
           (select count(*)::int from corrected_rejects where file_id = 1) as closed,
           (select count(*)::int from corrected_rejects
              join rejected_rows using (file_id, line_number)
              join user_events on user_events.file_id = corrected_by and session_id = split_part(raw, ',', 7)
             where corrected_rejects.file_id = 1) as by_their_rows`);
  expect(found).toEqual({ events: count, sessions: count, closed: count, by_their_rows: count });
  const miscounted = await database.query(`
    select file_id, rows_corrected, count(line_number)::int as closed
      from source_files left join (select * from corrected_rejects where not is_piece) as counted using (file_id)
     group by file_id having rows_corrected <> count(line_number)`);
  expect(miscounted).toEqual([]);
}

describe('a file of corrections', () => {
  it('I1 goes on behind its last commit when its connection is ended, and corrects every reject once', async () => {
    await start();
    const fileId = await dirtyFile();
    const before = await HeldLoads.hold(database);
    await put('mended.csv', CORRECTION_HEADER + corrections(0, ROWS, fileId));
    await before.untilHeld();
    const hold = await before.passOneCommit();
    await database.query('select pg_terminate_backend($1)', [await hold.untilHeld()]);
    const [{ loaded } = { loaded: 0 }] = (await ledgerRows(database)).slice(1);
    expect(loaded).toBeGreaterThan(0);
    await expectCorrected(loaded);
    await hold.release();
    expect(await settledFile(database, 'mended.csv')).toMatchObject({ loaded: ROWS, rejected: 0, failures: 0 });
    await expectCorrected(ROWS);
  });

  it('I1 at the same time as another one: each row is loaded by one of them, and the other one says so', async () => {
    const env = { LOADERS: '2', RESCAN_MS: '200' };
    await start(env);
    const fileId = await dirtyFile(10);
    const hold = await HeldLoads.hold(database);
    const untilHeld = (loaders: number) =>
      eventually(async () => {
        const held = await database.query(`
          select 1 from pg_stat_activity
           where datname = current_database() and application_name like 'sluice-loader%' and wait_event_type = 'Lock'`);
        expect(held).toHaveLength(loaders);
      });
    // Both have asked what is corrected before either of them has committed. One behind the other, or one loader would claim both.
    await put('one.csv', CORRECTION_HEADER + corrections(0, 7, fileId));
    await untilHeld(1);
    await put('other.csv', CORRECTION_HEADER + corrections(3, 10, fileId));
    await untilHeld(2);
    await hold.release();
    const ended = [await settledFile(database, 'one.csv'), await settledFile(database, 'other.csv')];
    expect(ended.map(({ loaded }) => loaded).sort()).toEqual([3, 7]);
    expect(ended.flatMap(({ reasons }) => Object.entries(reasons))).toEqual([['already_corrected', 4]]);
    expect(ended.map(({ failures }) => failures)).toEqual([0, 0]);
    expect(ended.map(({ attempts }) => attempts).sort()).toEqual([1, 2]);
    await expectCorrected(10);
  });

  it('I2 is held for rows that only the ledger can refuse, and closes no reject then', async () => {
    await start();
    const fileId = await dirtyFile(10);
    await put('first.csv', CORRECTION_HEADER + corrections(0, 4, fileId));
    await settledFile(database, 'first.csv');
    await running.pop()?.close();
    await start({ MAX_REJECT_PERCENT: '50' });
    // Four of seven have been corrected already.
    await put('second.csv', CORRECTION_HEADER + corrections(0, 7, fileId));
    expect(await settledFile(database, 'second.csv')).toMatchObject({
      status: 'held',
      loaded: 0,
      reasons: { already_corrected: 4 },
    });
    // Those four are as closed in the file that came too late as they are in the one that they are of.
    const closed = "select rows_corrected::int as rows from source_files where name = 'second.csv'";
    expect(await database.query(closed)).toEqual([{ rows: 4 }]);
    await expectCorrected(4);
    // Of rows that are only counted nothing stays: the same ones are loaded where they are few enough.
    await put('third.csv', CORRECTION_HEADER + corrections(3, 9, fileId));
    expect(await settledFile(database, 'third.csv')).toMatchObject({ status: 'loaded', loaded: 5, rejected: 1 });
    await expectCorrected(9);
  });

  it('I2 that is overwritten between two commits opens the rejects again that it had closed', async () => {
    await start();
    const fileId = await dirtyFile();
    const before = await HeldLoads.hold(database);
    await put('mended.csv', CORRECTION_HEADER + corrections(0, ROWS, fileId));
    await before.untilHeld();
    const hold = await before.passOneCommit();
    await hold.untilHeld();
    await put('mended.csv', CORRECTION_HEADER + corrections(1000, 1010, fileId));
    await hold.release();
    expect(await settledFile(database, 'mended.csv')).toMatchObject({ loaded: 10 });
    await expectCorrected(10);
  });

  it('I2 that fails in the middle opens them again, too', async () => {
    await start();
    const fileId = await dirtyFile();
    const before = await HeldLoads.hold(database);
    await put('mended.csv', CORRECTION_HEADER + corrections(0, ROWS, fileId));
    await before.untilHeld();
    const hold = await before.passOneCommit();
    await hold.untilHeld();
    await rm(join(directory, 'mended.csv'));
    await database.query('select pg_terminate_backend($1)', [await hold.untilHeld()]);
    await hold.release();
    expect(await settledFile(database, 'mended.csv')).toMatchObject({ status: 'failed', errorCode: 'unreadable' });
    await expectCorrected(0);
    const [file] = await database.query('select corrects from source_files where name = $1', ['mended.csv']);
    expect(file).toEqual({ corrects: null });
  });

  it('I5 that was loaded before its last row was whole has that row corrected once, by the version with all of it', async () => {
    await start();
    const fileId = await dirtyFile(3);
    // As it stands it is a row, and closes its reject; it is not all of the row.
    const line = (n: number) => messageFirst(n, fileId);
    await put('mended.csv', `${MESSAGE_FIRST}${line(0)}\n${line(0)}\n${line(1).slice(0, -1)}`);
    expect(await settledFile(database, 'mended.csv')).toMatchObject({ loaded: 2, reasons: { already_corrected: 1 } });
    await appendFile(join(directory, 'mended.csv'), `1\n${line(2)}`);
    const [earlier, whole] = await settledVersions(database, 'mended.csv', 2);
    expect(earlier).toMatchObject({ loaded: 1, reasons: { already_corrected: 1 } });
    expect(whole).toMatchObject({ loaded: 2, rejected: 0, follows: earlier?.id });
    await expectCorrected(3);
  });

  it('I1 of which the last row came too late is no reason to correct it again when that row goes on', async () => {
    await start();
    const fileId = await dirtyFile(2);
    const [first, again] = [0, 0].map((n) => messageFirst(n, fileId));
    await put('mended.csv', `${MESSAGE_FIRST}${first}\n${again}`);
    expect(await settledFile(database, 'mended.csv')).toMatchObject({ loaded: 1, reasons: { already_corrected: 1 } });
    await appendFile(join(directory, 'mended.csv'), ` goes on\n${messageFirst(1, fileId)}\n`);
    const [earlier, whole] = await settledVersions(database, 'mended.csv', 2);
    expect(earlier).toMatchObject({ loaded: 1, rejected: 0 });
    expect(whole).toMatchObject({ loaded: 1, reasons: { already_corrected: 1 } });
    await expectCorrected(2);
  });

  it('I1 for a row that was cut keeps that row from being loaded again when its writer goes on', async () => {
    await start();
    await put('dirty.csv', `${HEADER}u1,view,2024-01-15,p1,Mug,1.00`);
    const { id } = await settledFile(database, 'dirty.csv');
    await put('mended.csv', `${CORRECTION_HEADER}u1,view,2024-01-15,p1,Mug,1.00,s0,"(file ${id}, line 2)"\n`);
    expect(await settledFile(database, 'mended.csv')).toMatchObject({ loaded: 1 });
    await appendFile(join(directory, 'dirty.csv'), ',s0\nu1,view,2024-01-15,p1,Mug,1.00,s1\n');
    const [earlier, later] = await settledVersions(database, 'dirty.csv', 2);
    expect(earlier).toMatchObject({ rejected: 1 });
    // What was appended to the cut row is no row by itself.
    expect(later).toMatchObject({ loaded: 1, rejected: 1 });
    const sessions = await database.query('select session_id from user_events order by 1');
    expect(sessions).toEqual([{ session_id: 's0' }, { session_id: 's1' }]);
    await expectAccounting(database);
  });

  it('with rejects in several commits closes them all with one that is loaded', async () => {
    await start();
    const fileId = await dirtyFile(1000);
    await put('still-wrong.csv', CORRECTION_HEADER + corrections(0, 1000, fileId, 'look again'));
    expect(await settledFile(database, 'still-wrong.csv')).toMatchObject({ loaded: 0, rejected: 1000 });
    // First the wrong rows, then the right ones, and then the right ones once more: all of one file.
    const rounds = ['look', 'view', 'view'].map((type) => corrections(0, 1000, fileId, type)).join('');
    await put('rounds.csv', CORRECTION_HEADER + rounds);
    expect(await settledFile(database, 'rounds.csv')).toMatchObject({
      loaded: 1000,
      reasons: { invalid_event_type: 1000, already_corrected: 1000 },
    });
    await expectCorrected(1000);
    const open = await database.query(
      'select 1 from rejected_rows left join corrected_rejects using (file_id, line_number) where corrected_by is null',
    );
    expect(open).toEqual([]);
  });
});
