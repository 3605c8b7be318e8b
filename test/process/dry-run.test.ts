import { spawn } from 'node:child_process';
import { readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HEADER, plainFile } from '../support/plain-events.ts';
import { createTestDirectory } from '../support/service.ts';
import { SluiceProcess } from '../support/sluice-process.ts';

const LOAD = fileURLToPath(new URL('../../dist/cli/load.js', import.meta.url));
/** What follows an escape character, up to the letter that ends it. */
const ESCAPED = /\p{Cc}(\[[\d;?]*[A-Za-z])/gu;
const EVIL = 'evil\u001b]0;owned\u0007\u001b[2J\u202e.csv';

let directory: string;

beforeEach(async () => {
  directory = await createTestDirectory();
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const put = (name: string, content: string | Buffer) => writeFile(join(directory, name), content);

/** Nobody listens there, so whoever needs a database does not get far. */
const env = { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' };

async function dryRun(args: readonly string[], stdin = '') {
  const command = new SluiceProcess('cli/load.js', ['--dry-run', ...args], { env, cwd: directory });
  command.child.stdin?.end(stdin);
  const { code } = await command.exited;
  return { code, stdout: command.stdout, stderr: command.stderr };
}

/** As in a terminal of so many columns, through a real pseudo-terminal. */
async function inTerminal(columns: number, args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const words = [process.execPath, LOAD, ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', `stty cols ${columns}; ${words}`, '/dev/null'], {
    cwd: directory,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TERM: 'xterm', ...env, ...more },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  // The bar is drawn over itself: what stands in a row at one time ends where the cursor goes back to its beginning.
  const drawn = output.replaceAll('\u001b[1G', '\n').replaceAll('\u001b[2K', '\n');
  return { code, output, lines: stripVTControlCharacters(drawn).split(/\r?\n/) };
}

describe('load --dry-run', () => {
  it('says what loading would find, in plain lines, without a database and without a trace', async () => {
    await put('good.csv', plainFile({ tag: 'good', to: 1200, badEvery: 100 }));
    await put('packed.csv.gz', gzipSync(plainFile({ tag: 'packed', to: 3 }).replaceAll(',', ';')));
    await put('again.csv', plainFile({ tag: 'good', to: 1200, badEvery: 100 }));
    const { code, stdout, stderr } = await dryRun(['good.csv', 'packed.csv.gz', 'again.csv', './good.csv']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^good\.csv: would be loaded: 1,188 rows, 12 rejected \(missing_value 12\)$/m);
    expect(stdout).toMatch(/^ {2}line 101: product_price is missing.*\(missing_value\)$/m);
    expect(stdout).toMatch(/^ {2}… and 7 more$/m);
    expect(stdout).toMatch(
      /^packed\.csv\.gz: would be loaded: 3 rows\n {2}read as: UTF-8, gzip, delimiter semicolon$/m,
    );
    expect(stdout).toMatch(/^again\.csv: would not be loaded again: the same bytes as good\.csv$/m);
    expect(stdout).toMatch(
      /^Dry run, nothing was written: 2 of 4 files would be loaded, 2 the same as another, 0 held, 0 failed; 1,191 rows loaded, 12 rejected$/m,
    );
    // Plain lines: nothing that moves a cursor where nobody looks at a terminal.
    expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    expect((await readdir(directory)).sort()).toEqual(['again.csv', 'good.csv', 'packed.csv.gz']);
  });

  it('exits with 1 where a file would fail, and says what was meant', async () => {
    await put('good.csv', plainFile({ tag: 'good', to: 3 }));
    await put('bad.csv', HEADER.replace('user_id', 'userId'));
    await put('cut.csv', gzipSync(plainFile({ tag: 'cut', to: 900 })).subarray(0, -30));
    const { code, stdout } = await dryRun(['bad.csv', 'cut.csv', 'nowhere.csv', '.', 'good.csv']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^bad\.csv: would fail: .*did you mean user_id by userId\? \(missing_columns\)$/m);
    expect(stdout).toMatch(/^cut\.csv: would fail: .*\(corrupt_gzip\)$/m);
    expect(stdout).toMatch(/^nowhere\.csv: would fail: nowhere\.csv is not there \(unreadable\)$/m);
    expect(stdout).toMatch(/: would fail: .* is not a regular file \(unreadable\)$/m);
    expect(stdout).toMatch(/^good\.csv: would be loaded: 3 rows$/m);
    expect(stdout).toMatch(
      /written: loading would begin nothing, since nowhere\.csv is not there; otherwise 1 of 5 files/,
    );
    expect(stdout).toMatch(/1 of 5 files would be loaded, 0 the same as another, 0 held, 4 failed/);
  });

  it('exits with 1 where a file would be held, by the option before the setting', async () => {
    await put('quarter.csv', plainFile({ tag: 'quarter', to: 12, badEvery: 4 }));
    expect(await dryRun(['--max-reject-percent', '25', 'quarter.csv'])).toMatchObject({ code: 0 });
    const held = await dryRun(['--max-reject-percent=24.9', 'quarter.csv']);
    expect(held.code).toBe(1);
    expect(held.stdout).toMatch(
      /^quarter\.csv: would be held: 3 of 12 rows \(25\.0 %\) are rejected, the limit is 24\.9 %$/m,
    );
  });

  it('holds what has the bytes of a file that would be held, as loading does', async () => {
    for (const name of ['one.csv', 'two.csv']) await put(name, plainFile({ tag: 'bad', to: 4, badEvery: 2 }));
    const { code, stdout } = await dryRun(['--max-reject-percent', '5', 'one.csv', 'two.csv']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/0 of 2 files would be loaded, 0 the same as another, 2 held, 0 failed/);
  });

  it('checks the others where one can not be reached, and obeys no name', async () => {
    const loop = '\u001b[31mloop.csv';
    await symlink(loop, join(directory, loop));
    await put('good.csv', plainFile({ tag: 'good', to: 3 }));
    const { code, stdout, stderr } = await dryRun([loop, 'good.csv/none.csv', 'good.csv']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(
      /^\\u\{1b\}\[31mloop\.csv: would fail: .*loop\.csv can't be reached \(ELOOP\) \(unreadable\)$/m,
    );
    expect(stdout).toMatch(/none\.csv can't be reached \(ENOTDIR\)/);
    expect(stdout).toMatch(/1 of 3 files would be loaded/);
    expect(stdout).not.toContain('\u001b');
  });

  it.each(['101', '1e1'])('says that --max-reject-percent=%s is wrong', async (percent) => {
    const { code, stdout, stderr } = await dryRun([`--max-reject-percent=${percent}`, 'any.csv']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(`--max-reject-percent must be a number from 0 to 100, such as 2.5, not '${percent}'\n`);
  });

  it('shows what a terminal would obey of an option that it does not know', async () => {
    const { code, stderr } = await dryRun(['--\u001b[31mred']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Unknown option '--\\u\{1b\}\[31mred'/);
  });

  it('reads standard input for -', async () => {
    const { code, stdout } = await dryRun(['-'], plainFile({ tag: 'stdin', to: 2000, badEvery: 3 }));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^stdin: would be loaded: 1,334 rows, 666 rejected/m);
  });

  it('exits with 130 at Ctrl-C', async () => {
    const command = new SluiceProcess('cli/load.js', ['--dry-run', '-'], { env, cwd: directory });
    // More than a pipe holds: once it is through, the command is reading.
    await new Promise((done) => command.child.stdin?.write(plainFile({ tag: 'half', to: 5000 }), done));
    expect(await command.kill('SIGINT')).toEqual({ code: 130, signal: null });
    expect(command.stdout).toBe('Interrupted.\n');
  });
});

describe.runIf(process.platform === 'linux')('in a terminal', () => {
  it.each([
    40, 80,
  ])('the table fits into %d columns, and no name reaches the terminal as a command', async (columns) => {
    await put('good.csv', plainFile({ tag: 'good', to: 300, badEvery: 7 }));
    await put(EVIL, 'a\u001b[31m,b\n');
    const { code, output, lines } = await inTerminal(columns, ['--dry-run', 'good.csv', EVIL]);
    expect(code).toBe(1);
    expect(output).toContain('\u001b[32m');
    for (const command of ['\u001b]', '\u001b[2J', '\u202e', 'a\u001b[31m']) expect(output).not.toContain(command);
    expect(lines.join('\n').replaceAll(/\s+/g, ' ')).toContain('missing_value 42');
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(columns);
  });

  it('NO_COLOR leaves no colour', async () => {
    await put('good.csv', plainFile({ tag: 'good', to: 30 }));
    const { code, output } = await inTerminal(80, ['--dry-run', 'good.csv'], { NO_COLOR: '1' });
    expect(code).toBe(0);
    expect(output).toContain('would load');
    expect([...output.matchAll(ESCAPED)].filter(([, sequence = '']) => /^\[[\d;]*m$/.test(sequence))).toEqual([]);
  });
});
