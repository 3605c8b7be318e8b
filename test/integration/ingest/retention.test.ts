import { writeFileSync } from 'node:fs';
import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../../src/database/client.ts';
import { inTransaction } from '../../../src/database/transaction.ts';
import { dropExpired } from '../../../src/ingest/retention/drop-expired.ts';
import { type ExpiredEvents, findExpired } from '../../../src/ingest/retention/find-expired.ts';
import { Retention } from '../../../src/ingest/retention/retention.ts';
import { agedFile, agedRow } from '../../support/aged-events.ts';
import { emptyTables } from '../../support/empty-tables.ts';
import { eventually } from '../../support/eventually.ts';
import { expectAccounting } from '../../support/exact-load.ts';
import { type FileReply, revert, upload } from '../../support/file-calls.ts';
import { HeldRemoval } from '../../support/held-removal.ts';
import { HeldTable } from '../../support/held-table.ts';
import { settledFile, settledVersions } from '../../support/ledger.ts';
import { HEADER } from '../../support/plain-events.ts';
import { viewDifferences } from '../../support/recomputed-views.ts';
import { createTestDirectory, startTestService, type TestService } from '../../support/service.ts';
import { verified } from '../../support/verified.ts';

const DAYS = 30;
const EXPIRED = `event_timestamp < (date_trunc('day', clock_timestamp() at time zone 'UTC') - interval '${DAYS} days') at time zone 'UTC'`;

let running: TestService;
let pool: Database;
const logLines: string[] = [];
const log = pino({}, { write: (line: string) => void logLines.push(line) });

beforeAll(async () => {
  running = await startTestService({ env: { LOADERS: '2', RESCAN_MS: '200', COMMIT_ROWS: '50' } });
  const { connectionString } = running.database;
  pool = openDatabase({ connectionString, applicationName: 'sluice-test', maxConnections: 1, onError: () => {} });
});

afterAll(async () => {
  await pool.$client.end();
  await running.close();
});

let name: string;
let number = 0;
/** Released whatever becomes of the test: the next one could not empty the tables. */
const holds: { release(): Promise<void> }[] = [];

beforeEach(async () => {
  await emptyTables(running.database);
  logLines.length = 0;
  number += 1;
  name = `aged-${number}.csv`;
});

afterEach(async () => {
  await Promise.all(holds.splice(0).map((hold) => hold.release()));
  await expectAccounting(running.database);
  expect(await verified(running.database)).toEqual([]);
  await rm(join(running.directory, name), { force: true });
});

const retention = (bounds: { readonly searched?: number; readonly perStep?: number } = {}) =>
  new Retention({
    connectionString: running.database.connectionString,
    days: DAYS,
    log,
    isLoading: () => false,
    ...bounds,
  });

const find = (bounds: { readonly searched: number; readonly perStep: number }) =>
  inTransaction(pool, (transaction) => findExpired(transaction, { days: DAYS, ...bounds }));

const drop = ({ before }: ExpiredEvents, places: string) =>
  inTransaction(pool, (transaction) => dropExpired(transaction, { before, places }));

const load = (content: string, under = name) => upload(running.url, under, content);

const shown = async (fileId: number): Promise<FileReply> =>
  (await (await fetch(`${running.url}/ingestion/files/${fileId}`)).json()) as FileReply;

async function count(condition = 'true'): Promise<number> {
  const [row] = await running.database.query<{ n: number }>(
    `select count(*)::int n from user_events where ${condition}`,
  );
  return row?.n ?? Number.NaN;
}

describe('events older than RETENTION_DAYS', () => {
  it('I2 leave table and views step by step, oldest first, and after each step all of them agree', async () => {
    const young = await load(agedFile({ tag: 'young', rows: 120, from: 0, to: DAYS }));
    const mixed = await load(agedFile({ tag: 'mixed', rows: 300, from: 5, to: 80 }), `mixed-${name}`);
    const old = await load(agedFile({ tag: 'old', rows: 90, from: DAYS + 1, to: 60 }), `old-${name}`);
    const expired = await count(EXPIRED);
    expect(expired).toBeGreaterThan(250);

    const found = await find({ searched: 1000, perStep: 40 });
    expect(found.count).toBe(expired);
    expect(found.steps.length).toBeGreaterThan(5);
    let left = expired;
    for (const places of found.steps) {
      const [{ oldest } = { oldest: null }] = await running.database.query<{ oldest: Date | null }>(
        'select min(event_timestamp) as oldest from user_events',
      );
      left -= await drop(found, places);
      expect(await count(EXPIRED)).toBe(left);
      expect(await count(`event_timestamp <= '${oldest?.toISOString()}'`)).toBe(0);
      await expectAccounting(running.database);
    }
    expect(left).toBe(0);
    expect(await shown(young.fileId)).toMatchObject({ status: 'loaded', rowsLoaded: 120, rowsExpired: 0 });
    expect(await shown(mixed.fileId)).toMatchObject({ rowsLoaded: 300, rowsExpired: expired - 90 });
    expect(await shown(old.fileId)).toMatchObject({ status: 'loaded', rowsLoaded: 90, rowsExpired: 90 });
    const stats = await (await fetch(`${running.url}/ingestion/stats`)).json();
    expect(stats).toMatchObject({ rows: { read: 510, loaded: 510 } });
  });

  it('take with them users who have no other, days, and customers of a day', async () => {
    const rows = [
      agedRow({ user: 'gone', day: 40 }),
      agedRow({ user: 'stays', day: 40 }),
      agedRow({ user: 'stays', day: 3, type: 'view' }),
      agedRow({ user: 'late', day: DAYS, time: '00:00:00' }),
      agedRow({ user: 'late', day: DAYS + 1, time: '23:59:59.999999' }),
      agedRow({ user: 'stays', day: DAYS }),
    ];
    await load(HEADER + rows.join(''));
    expect(await retention().pass()).toBe(true);
    expect(
      await running.database.query(
        'select user_id, total_events::int as events, purchases::int, last_activity from user_activity_summary order by 1',
      ),
    ).toMatchObject([
      { user_id: 'LATE', events: 1, purchases: 1 },
      { user_id: 'STAYS', events: 2, purchases: 1 },
    ]);
    const days = await running.database.query(
      'select total_purchases::int, unique_customers::int from purchase_analytics',
    );
    expect(days).toEqual([{ total_purchases: 2, unique_customers: 2 }]);
    expect(logLines.map((line) => JSON.parse(line))).toMatchObject([
      {
        msg: 'events were dropped, being older than RETENTION_DAYS',
        events: 3,
        olderThan: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      },
    ]);
    expect(await retention().pass()).toBe(true);
    expect(logLines).toHaveLength(1);
  });

  it('go by as many searches as it takes, those of a user at one instant in one step', async () => {
    await load(HEADER + Array.from({ length: 40 }, (_, n) => agedRow({ user: `u${n % 4}`, day: 50 })).join(''));
    const { steps } = await find({ searched: 100, perStep: 3 });
    expect(steps.map((places) => places.split('","').length)).toEqual([10, 10, 10, 10]);
    expect(await retention({ searched: 7, perStep: 3 }).pass()).toBe(true);
    expect(await count()).toBe(0);
  });

  it('also go where they are of no file', async () => {
    const { fileId } = await load(agedFile({ tag: 'foreign', rows: 60, from: 20, to: 45 }));
    // Forgotten by the ledger, the file itself would be a new one.
    await rm(join(running.directory, name));
    await running.database.query('update user_events set file_id = null where line_number % 2 = 0');
    await running.database.query('delete from source_files where file_id = $1', [fileId]);
    expect(await retention({ perStep: 10 }).pass()).toBe(true);
    expect(await count(EXPIRED)).toBe(0);
    expect(await viewDifferences(running.database)).toEqual([]);
    await emptyTables(running.database);
  });

  it('are loaded where they come, and dropped at the next pass', async () => {
    const content = agedFile({ tag: 'late', rows: 30, from: 50, to: 60 });
    const { fileId } = await load(content);
    expect(await count()).toBe(30);
    expect(await retention().pass()).toBe(true);
    expect(await shown(fileId)).toMatchObject({ status: 'loaded', rowsLoaded: 30, rowsExpired: 30 });
    // They have been loaded once: the same bytes are still the same file.
    expect(await load(content, `again-${name}`)).toMatchObject({ status: 'duplicate' });
  });
});

describe('a file of which a part has expired', () => {
  it('I1 I2 can be undone, and be loaded again', async () => {
    const content = agedFile({ tag: 'mixed', rows: 200, from: 5, to: 80 });
    const { fileId } = await load(content);
    await load(agedFile({ tag: 'other', rows: 50, from: 5, to: 80 }), `other-${name}`);
    await retention().pass();
    const expired = (await shown(fileId)).rowsExpired;
    expect(expired).toBeGreaterThan(100);
    const undone = await revert(running.url, fileId);
    expect(undone).toMatchObject({
      status: 200,
      body: { status: 'reverted', rowsWithheld: 200, rowsLoaded: 0, rowsExpired: 0 },
    });
    expect(await count(`file_id = ${fileId}`)).toBe(0);
    await expectAccounting(running.database);

    const again = await load(content, `again-${name}`);
    expect(again).toMatchObject({ status: 'loaded', rowsLoaded: 200, rowsExpired: 0 });
    await retention().pass();
    expect(await shown(again.fileId)).toMatchObject({ rowsLoaded: 200, rowsExpired: expired });
  });

  it('is left alone while it is being undone, and nobody waits for anybody', async () => {
    const { fileId } = await load(agedFile({ tag: 'undone', rows: 60, from: 20, to: 60 }));
    const other = await load(agedFile({ tag: 'other', rows: 60, from: 20, to: 60 }), `other-${name}`);
    const hold = await HeldRemoval.of(running.database, fileId);
    const undone = revert(running.url, fileId);
    holds.push(hold);
    await hold.untilHeld();
    expect(await retention({ perStep: 5 }).pass()).toBe(false);
    expect(await count(`${EXPIRED} and file_id = ${other.fileId}`)).toBe(0);
    expect(await count(`file_id = ${fileId}`)).toBe(60);
    await hold.release();
    expect(await undone).toMatchObject({ status: 200 });
    expect(await retention().pass()).toBe(true);
  });

  it('I2 may lose its last row to a version that goes on in the middle of it', async () => {
    const path = join(running.directory, name);
    writeFileSync(
      path,
      HEADER +
        [agedRow({ user: 'a', day: 50 }), agedRow({ user: 'b', day: 5 })].join('') +
        agedRow({ user: 'c', day: 40, session: 's-1' }).trimEnd(),
    );
    const { id } = await settledFile(running.database, name);
    await retention().pass();
    expect(await shown(id)).toMatchObject({ rowsLoaded: 3, rowsExpired: 2 });
    await appendFile(path, `23\n${agedRow({ user: 'd', day: 2 })}`);
    const [, second] = await settledVersions(running.database, name, 2);
    expect(second).toMatchObject({ status: 'loaded', loaded: 2, follows: id });
    expect(await shown(id)).toMatchObject({ rowsRead: 2, rowsLoaded: 2, rowsExpired: 1 });
    await expectAccounting(running.database);
    await retention().pass();
    expect(await count()).toBe(2);
  });
});

describe('a pass', () => {
  it('leaves what a file has committed that is still being loaded, and shows whose latest event that is now', async () => {
    const { fileId } = await load(agedFile({ tag: 'long', rows: 200, from: 40, to: 70 }));
    const later = Array.from({ length: 17 }, (_, n) => agedRow({ user: `user-${n}`, day: 35 }));
    await load(HEADER + later.join(''), `later-${name}`);
    const become = (status: string) =>
      running.database.query(
        `update source_files set status = $2, lease_until = clock_timestamp() + interval '1 hour' where file_id = $1`,
        [fileId, status],
      );
    await become('loading');
    expect(await retention({ perStep: 5 }).pass()).toBe(true);
    expect(await count()).toBe(200);
    expect(await viewDifferences(running.database)).toEqual([]);
    await become('loaded');
    expect(await retention().pass()).toBe(true);
    expect(await count()).toBe(0);
  });

  it('I1 I2 that is killed in the middle has dropped and counted what it had committed', async () => {
    const { fileId } = await load(agedFile({ tag: 'killed', rows: 200, from: 0, to: 80 }));
    const expired = await count(EXPIRED);
    const { steps, ...found } = await find({ searched: 1000, perStep: 20 });
    const first = await drop({ ...found, steps }, steps[0] ?? '');
    // The last lock of a step: the rows are deleted, the ledger row is written, nothing is committed.
    const totals = await HeldTable.holdRow(running.database, `select pg_advisory_xact_lock(${0x7375696365746f74n})`);
    holds.push(totals);
    const pass = retention({ perStep: 20 }).pass();
    await eventually(async () => {
      const killed = await running.database.query(`
        select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name = 'sluice-retention' and wait_event_type = 'Lock'`);
      expect(killed).toHaveLength(1);
    });
    expect(await pass).toBe(false);
    expect(await shown(fileId)).toMatchObject({ rowsLoaded: 200, rowsExpired: first });
    await expectAccounting(running.database);
    await totals.release();
    expect(await retention({ perStep: 20 }).pass()).toBe(true);
    expect(await shown(fileId)).toMatchObject({ rowsLoaded: 200, rowsExpired: expired });
  });

  it('I1 I2 is right beside one of another replica, and beside loads and an undo', async () => {
    const content = (n: number) => agedFile({ tag: `file ${n}`, rows: 90, from: n, to: 50 + n });
    const first = await load(content(0), `0-${name}`);
    for (let n = 1; n < 8; n += 1) await load(content(n), `${n}-${name}`);
    const replicas = [retention({ searched: 60, perStep: 8 }), retention({ searched: 60, perStep: 8 })];
    const passes = async (replica: Retention) => {
      await eventually(async () => expect(await replica.pass()).toBe(true));
    };
    const loads = Promise.all(Array.from({ length: 8 }, (_, n) => load(content(n + 8), `${n + 8}-${name}`)));
    const undone = revert(running.url, first.fileId);
    let isOver = false;
    const working = Promise.all([...replicas.map(passes), loads]).finally(() => {
      isOver = true;
    });
    while (!isOver) await expectAccounting(running.database);
    await working;
    expect(await undone).toMatchObject({ status: 200 });
    expect(await retention().pass()).toBe(true);
    expect(await count(EXPIRED)).toBe(0);
    const [{ loaded, expired } = { loaded: 0, expired: 0 }] = await running.database.query<{
      loaded: number;
      expired: number;
    }>('select sum(rows_loaded)::int as loaded, sum(rows_expired)::int as expired from source_files');
    expect(loaded).toBe(15 * 90);
    expect(loaded - expired).toBe(await count());
    const told = logLines.reduce((sum, line) => sum + (JSON.parse(line).events ?? 0), 0);
    expect(told).toBeGreaterThanOrEqual(expired);
  });
});

describe('the service', () => {
  it('drops what has expired at its start where RETENTION_DAYS says so, and nothing without', async () => {
    await load(agedFile({ tag: 'start', rows: 100, from: 0, to: 60 }));
    const { database } = running;
    // Not that of the other service, which has the files of all tests.
    const directory = await createTestDirectory();
    const expired = await count(EXPIRED);
    const without = await startTestService({ database, directory });
    await upload(without.url, `mark-${name}`, HEADER);
    expect(await count(EXPIRED)).toBe(expired);
    await without.close();
    const service = await startTestService({
      database,
      directory,
      env: { RETENTION_DAYS: `${DAYS}` },
    });
    try {
      await eventually(async () => expect(await count(EXPIRED)).toBe(0));
      await eventually(() => {
        const told = service.logLines
          .map((line) => JSON.parse(line))
          .filter(({ msg }) => msg.startsWith('events were dropped'));
        expect(told).toMatchObject([{ events: expired }]);
      });
      const session = `select 1 from pg_stat_activity where datname = current_database() and application_name = 'sluice-retention'`;
      await eventually(async () => expect(await running.database.query(session)).toEqual([]));
    } finally {
      await service.close();
      await rm(directory, { recursive: true });
    }
  });
});
