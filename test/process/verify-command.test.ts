import { writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processesBelow } from '../support/embedded-place.ts';
import { eventually } from '../support/eventually.ts';
import { expectAccounting } from '../support/exact-load.ts';
import { HeldTable } from '../support/held-table.ts';
import { plainFile } from '../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { viewDifferences } from '../support/recomputed-views.ts';
import { createTestDirectory } from '../support/service.ts';
import { SluiceProcess } from '../support/sluice-process.ts';

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

function start(program: 'load' | 'verify', args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const settings = { DATABASE_URL: database.connectionString, LOADERS: '1', DATA_DIR: join(directory, 'data'), ...env };
  return new SluiceProcess(`cli/${program}.js`, args, { env: settings, cwd: directory });
}

async function ended(...command: Parameters<typeof start>) {
  const running = start(...command);
  const { code } = await running.exited;
  return { code, stdout: running.stdout, stderr: running.stderr };
}

const verify = (...args: readonly string[]) => ended('verify', args);

/** 90 events of 90 users on one day, and 10 rejects. */
async function loadOne(env?: Readonly<Record<string, string>>): Promise<void> {
  writeFileSync(join(directory, 'one.csv'), plainFile({ tag: 'one', to: 100, badEvery: 10 }));
  expect(await ended('load', ['one.csv'], env)).toMatchObject({ code: 0 });
}

const FOREIGN_EVENT = `
  insert into user_events (user_id, event_type, event_timestamp, product_id, product_name, product_price, session_id)
  values ('FOREIGNER', 'purchase', '2024-03-01', 'P1', 'Mug', 4.20, 's')`;

const waitingForLock = `
  select 1 from pg_stat_activity
   where datname = current_database() and application_name = 'sluice-verify' and wait_event_type = 'Lock'`;

describe('verify', () => {
  it('exits with 0 where everything agrees, and says what was looked at', async () => {
    await loadOne();
    const { code, stdout, stderr } = await verify();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^Checked 1 file, 90 events, 10 rejected rows, \d+ users and 1 day with purchases, as they were at 20\S+Z, in \d+\.\d s\.\nNo difference: .*\n$/,
    );
  });

  it('exits with 1 on any difference, a line each and the sum of them last, and mends nothing', async () => {
    await loadOne();
    await database.query(`
      delete from user_events where line_number = 2;
      insert into user_totals select 'GHOST-' || n, 1, 1, 0, 0, 0, now() from generate_series(1, 1500) as n`);
    for (const _time of ['first', 'second']) {
      const { code, stdout } = await verify();
      expect(code).toBe(1);
      expect(stdout).toMatch(/^rows in user_events: file 1 \(one\.csv\): expected 90, found 89$/m);
      expect(stdout).toMatch(
        /^user_activity_summary: user_id GHOST-1: expected no row, found total_events 1, views 1, /m,
      );
      expect(stdout.match(/^user_activity_summary: user_id /gm)).toHaveLength(20);
      expect(stdout).toMatch(/^user_activity_summary: … and 1,481 more$/m);
      expect(stdout).toMatch(/npm run verify -- --rebuild/);
      expect(stdout.trimEnd().split('\n').at(-1)).toBe(
        '1,502 differences: 1 in the accounting of files, 1,501 in the views and their totals.',
      );
    }
  });

  it('exits with 1 where nothing can be checked, and makes nothing', async () => {
    const away = await ended('verify', [], { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' });
    expect(away).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/ECONNREFUSED.*\nNothing was checked\.\n$/),
    });
    const none = await ended('verify', [], { DATABASE_URL: '' });
    expect(none).toMatchObject({ code: 1, stderr: expect.stringMatching(/^There is no database in .*data yet/) });
    expect(await readdir(directory)).toEqual([]);
    const option = await verify('--nope');
    expect(option).toMatchObject({ code: 1, stderr: expect.stringMatching(/^Unknown option '--nope'/) });
    expect(await verify('--help')).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('--rebuild') });
  });

  it('does not change the tables of another version, or make those that are not there', async () => {
    const migrations = 'select created_at from drizzle.__drizzle_migrations order by created_at';
    await database.query(
      `delete from drizzle.__drizzle_migrations where id = (select max(id) from drizzle.__drizzle_migrations)`,
    );
    const before = await database.query(migrations);
    const older = await verify('--rebuild');
    expect(older).toMatchObject({ code: 1, stderr: expect.stringMatching(/^The tables are those of an older Sluice/) });
    expect(await database.query(migrations)).toEqual(before);
    await database.query(`insert into drizzle.__drizzle_migrations (hash, created_at) values ('later', 9000000000000)`);
    expect((await verify()).stderr).toMatch(/^The tables are those of a newer Sluice/);

    const empty = await createTestDatabase({ migrated: false });
    const { code, stderr } = await ended('verify', [], { DATABASE_URL: empty.connectionString });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^The database has no tables of Sluice/),
    });
    expect(await empty.query(`select 1 from pg_tables where tablename = 'source_files'`)).toEqual([]);
    await empty.drop();
  });

  it('exits with 130 at Ctrl-C, and the server stops computing for it', async () => {
    await loadOne();
    const hold = await HeldTable.holdRow(database, 'lock table user_events in access exclusive mode');
    const command = start('verify', []);
    await eventually(async () => expect(await database.query(waitingForLock)).toHaveLength(1));
    expect(await command.kill('SIGINT')).toEqual({ code: 130, signal: null });
    expect(command.stdout).toBe('Interrupted.\n');
    await eventually(async () => expect(await database.query(waitingForLock)).toEqual([]));
    await hold.release();
  });

  it('looks into the embedded database where there is no other, and leaves no server behind', async () => {
    const env = { DATABASE_URL: '' };
    await loadOne(env);
    expect(await ended('verify', [], env)).toMatchObject({ code: 0, stdout: expect.stringContaining('90 events') });
    expect(processesBelow(directory)).toEqual([]);
  });
});

describe('verify --rebuild', () => {
  it('counts what something else has put into user_events, whose transaction it waits for', async () => {
    await loadOne();
    await database.query(FOREIGN_EVENT);
    await database.query('update purchase_day_customers set purchases = purchases + 7');
    const before = await verify();
    expect(before).toMatchObject({ code: 1 });
    expect(before.stdout).toMatch(
      /^purchase_analytics: purchase_date 2024-03-01: expected total_purchases 1, .* found no row$/m,
    );

    const hold = await HeldTable.holdRow(database, FOREIGN_EVENT);
    const command = start('verify', ['--rebuild']);
    await eventually(async () => expect(await database.query(waitingForLock)).toHaveLength(1));
    await hold.commit();
    expect((await command.exited).code).toBe(0);
    expect(command.stdout).toMatch(
      /^The totals were made anew from user_events, in \d+\.\d s\.\nChecked 1 file, 92 events/,
    );
    expect(await viewDifferences(database)).toEqual([]);
    const user = `select total_events::int as events, total_spent from user_activity_summary where user_id = 'FOREIGNER'`;
    expect(await database.query(user)).toEqual([{ events: 2, total_spent: '8.40' }]);
  });

  it('changes nothing where it is interrupted, and leaves totals that loads go on from', async () => {
    await loadOne();
    await database.query(`update user_totals set views = views + 1`);
    const hold = await HeldTable.holdRow(database, 'select 1 from purchase_day_totals for update');
    const command = start('verify', ['--rebuild']);
    await eventually(async () => expect(await database.query(waitingForLock)).toHaveLength(1));
    expect((await command.kill('SIGINT')).code).toBe(130);
    await hold.release();
    expect(await viewDifferences(database)).not.toEqual([]);
    expect((await verify('--rebuild')).code).toBe(0);
    writeFileSync(join(directory, 'two.csv'), plainFile({ tag: 'two', to: 200, badEvery: 7 }));
    expect((await ended('load', ['two.csv'])).code).toBe(0);
    await expectAccounting(database);
    expect((await verify()).code).toBe(0);
  });
});
