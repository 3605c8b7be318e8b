import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processesBelow } from '../support/embedded-place.ts';
import { eventually } from '../support/eventually.ts';
import { expectExactly } from '../support/exact-load.ts';
import { HeldLoads } from '../support/held-loads.ts';
import { ledgerRows } from '../support/ledger.ts';
import { expectedPlain, plainFile } from '../support/plain-events.ts';
import { createTestDatabase, type TestDatabase, withClient } from '../support/postgres.ts';
import { createTestDirectory } from '../support/service.ts';
import { SluiceProcess } from '../support/sluice-process.ts';

let database: TestDatabase;
let directory: string;

beforeEach(async () => {
  // The command makes the tables itself.
  database = await createTestDatabase({ migrated: false });
  directory = await createTestDirectory();
});

afterEach(async () => {
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

function load(files: readonly string[], env: Readonly<Record<string, string>> = {}): SluiceProcess {
  const settings = { DATABASE_URL: database.connectionString, LOADERS: '1', DATA_DIR: join(directory, 'data'), ...env };
  return new SluiceProcess('cli/load.js', files, { env: settings, cwd: directory });
}

async function loaded(files: readonly string[], env?: Readonly<Record<string, string>>) {
  const command = load(files, env);
  command.child.stdin?.end();
  const { code } = await command.exited;
  return { code, stdout: command.stdout, stderr: command.stderr };
}

const put = (name: string, content: string) => writeFile(join(directory, name), content);

describe('load FILE…', () => {
  it('I1 loads files of any name and place, tells each in plain lines, and does nothing the second time', async () => {
    await mkdir(join(directory, 'below'));
    await put('one.csv', plainFile({ tag: 'one', to: 1200, badEvery: 100 }));
    await put('below/two.txt', plainFile({ tag: 'two', to: 5 }));
    await put('three.csv', plainFile({ tag: 'three', to: 7 }));
    await symlink(join(directory, 'three.csv'), join(directory, 'link'));
    const files = ['one.csv', join(directory, 'below/two.txt'), 'link', './one.csv'];

    const first = await loaded(files);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(
      /^one\.csv: 1,188 rows loaded, 12 rejected \(missing_value 12\) in \d+\.\d s, file \d+$/m,
    );
    expect(first.stdout).toMatch(/^3 of 3 files loaded, 0 loaded before, 0 failed; 1,200 rows loaded, 12 rejected$/m);
    // Plain lines: nothing that moves a cursor where nobody looks at a terminal.
    expect(first.stdout).not.toContain('\r');
    const expected = [
      expectedPlain('one.csv', { tag: 'one', to: 1200, badEvery: 100 }),
      expectedPlain('two.txt', { tag: 'two', to: 5 }),
      expectedPlain('three.csv', { tag: 'three', to: 7 }),
    ];
    await expectExactly(database, expected);
    expect((await ledgerRows(database)).every(({ origin }) => origin === 'cli')).toBe(true);

    const second = await loaded(files);
    expect(second.code).toBe(0);
    expect(second.stdout.match(/nothing to do/g)).toHaveLength(3);
    await expectExactly(database, expected);
    expect((await readdir(directory)).sort()).toEqual(['below', 'link', 'one.csv', 'three.csv']);
  });

  it('I3 exits with 1 where a file fails, loads the others, and tries the failed one again next time', async () => {
    await put('good.csv', plainFile({ tag: 'good', to: 3 }));
    await put('bad.csv', 'user_id,event_type\n1,view\n');
    const first = await loaded(['bad.csv', 'good.csv']);
    expect(first.code).toBe(1);
    expect(first.stdout).toMatch(/^bad\.csv: failed: .*\(missing_columns\)$/m);
    await expectExactly(database, [expectedPlain('good.csv', { tag: 'good', to: 3 })]);
    await put('bad.csv', plainFile({ tag: 'bad', to: 2 }));
    expect((await loaded(['bad.csv', 'good.csv'])).code).toBe(0);
    await expectExactly(database, [
      expectedPlain('good.csv', { tag: 'good', to: 3 }),
      expectedPlain('bad.csv', { tag: 'bad', to: 2 }),
    ]);
  });

  it('I4 loads nothing and exits with 1 where a file is not there or none', async () => {
    await put('good.csv', plainFile({ tag: 'good', to: 3 }));
    for (const wrong of ['missing.csv', '.']) {
      const result = await loaded(['good.csv', wrong]);
      expect(result.code).toBe(1);
      expect(result.stderr).toContain(`Nothing was loaded: ${wrong} is not`);
    }
    expect(await database.query(`select 1 from pg_tables where tablename = 'source_files'`)).toEqual([]);
  });

  it('reads standard input for -, leaves no copy of it, and knows it again', async () => {
    const content = plainFile({ tag: 'stdin', to: 2000, badEvery: 3 });
    for (const [outcome, pattern] of [
      ['loaded', /1,334 rows loaded/],
      ['known', /the same bytes were loaded before/],
    ] as const) {
      const command = load(['-'], { TMPDIR: directory });
      command.child.stdin?.end(content);
      expect(await command.exited, outcome).toEqual({ code: 0, signal: null });
      expect(command.stdout).toMatch(pattern);
    }
    expect(await readdir(directory)).toEqual([]);
    await expectExactly(database, [expectedPlain('stdin', { tag: 'stdin', to: 2000, badEvery: 3 })]);
  });

  it('I1 exits with 130 at Ctrl-C in mid-load, and goes on when it is called again', async () => {
    const rows = { tag: 'large', to: 4000 };
    await put('tables.csv', plainFile({ tag: 'tables', to: 1 }));
    await loaded(['tables.csv']);
    await put('large.csv', plainFile(rows));
    const before = await HeldLoads.hold(database);
    const command = load(['large.csv'], { COMMIT_ROWS: '300' });
    await before.untilHeld();
    const hold = await before.passOneCommit();
    await hold.untilHeld();
    command.child.kill('SIGINT');
    await eventually(() => expect(command.stdout).toContain('the same command goes on from there'));
    // Without its connection the held load can't use the seconds that it is given to finish.
    await database.query('select pg_terminate_backend($1)', [await hold.untilHeld()]);
    expect(await command.exited).toEqual({ code: 130, signal: null });
    await hold.release();
    const committed = (await ledgerRows(database)).find(({ name }) => name === 'large.csv');
    expect(committed?.status).not.toBe('loaded');
    await expectExactly(database, [
      expectedPlain('tables.csv', { tag: 'tables', to: 1 }),
      expectedPlain('large.csv', { ...rows, to: committed?.read ?? 0 }),
    ]);
    expect((await loaded(['large.csv'])).code).toBe(0);
    await expectExactly(database, [
      expectedPlain('tables.csv', { tag: 'tables', to: 1 }),
      expectedPlain('large.csv', rows),
    ]);
  });

  it('exits with 130 at Ctrl-C while it reads standard input, and leaves no copy of it', async () => {
    const command = load(['-'], { TMPDIR: directory });
    command.child.stdin?.write(plainFile({ tag: 'half', to: 5 }));
    await eventually(async () => expect(await readdir(directory, { recursive: true })).toHaveLength(2));
    expect(await command.kill('SIGINT')).toEqual({ code: 130, signal: null });
    expect(await readdir(directory)).toEqual([]);
  });

  it('exits with 130 at Ctrl-C while it waits for the migration of another process', async () => {
    await put('one.csv', plainFile({ tag: 'one', to: 1 }));
    await withClient(database.connectionString, async (client) => {
      await client.query("select pg_advisory_lock(x'736c75696365'::bigint)");
      const command = load(['one.csv']);
      const waiting =
        "select 1 from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())";
      await eventually(async () => expect(await database.query(waiting)).toHaveLength(1));
      expect(await command.kill('SIGINT')).toEqual({ code: 130, signal: null });
    });
    expect(await database.query(`select 1 from pg_tables where tablename = 'source_files'`)).toEqual([]);
  });

  it('starts the embedded database where there is no other, and leaves no server behind', async () => {
    await put('one.csv', plainFile({ tag: 'one', to: 10 }));
    const first = await loaded(['one.csv'], { DATABASE_URL: '' });
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toContain('10 rows loaded');
    expect(processesBelow(directory)).toEqual([]);
    const second = await loaded(['one.csv'], { DATABASE_URL: '' });
    expect(second.stdout).toContain('nothing to do');
    expect(processesBelow(directory)).toEqual([]);
    expect(await readFile(join(directory, 'one.csv'), 'utf8')).toBe(plainFile({ tag: 'one', to: 10 }));
  });

  it('I2 holds a file of which more is rejected than allowed, and loads it when it is named again with a limit that it keeps', async () => {
    const rows = { tag: 'quarter', to: 12, badEvery: 4 };
    await put('quarter.csv', plainFile(rows));
    for (const limit of ['20', '24.9']) {
      const held = await loaded(['--max-reject-percent', limit, 'quarter.csv']);
      expect(held.code).toBe(1);
      expect(held.stdout).toMatch(/^quarter\.csv: held: 3 of 12 rows \(25\.0 %\) are rejected, the limit is 20 %/m);
      expect(held.stdout).toMatch(
        /^0 of 1 files loaded, 0 loaded before, 0 failed, 1 held; 0 rows loaded, 3 rejected$/m,
      );
      expect(await database.query('select 1 from user_events')).toEqual([]);
    }
    expect((await loaded(['--max-reject-percent', '25', 'quarter.csv'])).code).toBe(0);
    await expectExactly(database, [expectedPlain('quarter.csv', rows)]);
  });

  it('I2 holds also what an interrupted or failed command had begun without a limit', async () => {
    const rows = { tag: 'begun', to: 1200, badEvery: 4 };
    await put('begun.csv', plainFile(rows));
    await put('failed.csv', 'no header\n');
    await loaded(['failed.csv']);
    const before = await HeldLoads.hold(database);
    const first = load(['begun.csv'], { COMMIT_ROWS: '300' });
    await before.untilHeld();
    const hold = await before.passOneCommit();
    await hold.untilHeld();
    expect((await first.kill('SIGINT')).code).toBe(130);
    await hold.release();
    expect((await ledgerRows(database))[1]).toMatchObject({ status: 'queued', loaded: expect.toSatisfy((n) => n > 0) });

    const held = await loaded(['--max-reject-percent', '20', 'begun.csv', 'failed.csv']);
    expect(held.code).toBe(1);
    expect(held.stdout).toMatch(/^begun\.csv: held: 300 of 1200 rows \(25\.0 %\) are rejected, the limit is 20 %/m);
    expect(await database.query('select 1 from user_events')).toEqual([]);
    expect(await database.query('select max_reject_percent as limit from source_files')).toEqual([
      { limit: 20 },
      { limit: 20 },
    ]);
  });

  it.runIf(process.platform === 'linux')('shows a table on a terminal, in which no name is a command', async () => {
    await put('good.csv', plainFile({ tag: 'good', to: 40, badEvery: 10 }));
    await put('evil\u001b]0;owned\u0007.csv', 'a,b\n');
    const dist = fileURLToPath(new URL('../../dist/cli/load.js', import.meta.url));
    const command = `stty cols 60; '${process.execPath}' '${dist}' good.csv evil*`;
    const env = { DATABASE_URL: database.connectionString, LOADERS: '1', PATH: process.env['PATH'], TERM: 'xterm' };
    const { stdout } = await promisify(execFile)('script', ['-qec', `${command} || true`, '/dev/null'], {
      env,
      cwd: directory,
    });
    const shown = stripVTControlCharacters(stdout);
    expect(shown).toMatch(/^good\.csv +loaded +36 +4 +\d+\.\d s\r?$/m);
    expect(shown).toMatch(/^evil\\u\{1b\}\]0;owned\\u\{7\}\.csv +failed/m);
    expect(shown).toMatch(/missing_value 4/);
    expect(stdout).toContain('\u001b[31mfailed');
    expect(stdout).not.toContain('\u001b]');
  });

  it('says which option it does not know, in one line', async () => {
    const result = await loaded(['--nope']);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toMatch(/^Unknown option '--nope'.*\n$/);
  });

  it('explains itself where no file is named', async () => {
    const result = await loaded([]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('npm run load -- FILE...');
  });
});
