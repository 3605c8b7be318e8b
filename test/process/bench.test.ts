import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { createTestDatabase } from '../support/postgres.ts';

const SUITE = resolve(import.meta.dirname, '../../bench/suite.mjs');
const WITHOUT_PSQL = 'psql is not on the PATH (Debian: apt-get install postgresql-client)';
const hasPsql = spawnSync('psql', ['--version']).status === 0;
const RUN_MS = 120_000;

interface Bench {
  readonly child: ChildProcess;
  /** where the suite has its temporary directory, and nothing else is */
  readonly temporary: string;
  /** exit code and all output, once it has ended */
  readonly ended: Promise<{ readonly code: unknown; readonly output: string }>;
}

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'sluice-bench-test-'));
  // Run by root, PostgreSQL has a user of its own, who has to get in.
  await chmod(path, 0o711);
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Bench> {
  const temporary = await directory();
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [SUITE, ...args], { env: { PATH, HOME, TMPDIR: temporary, ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = once(child, 'close').then(([code]) => ({ code, output }));
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return { child, temporary, ended };
}

describe('npm run bench', () => {
  it('measures, writes what it has measured, and leaves nothing behind', { timeout: RUN_MS }, async ({ skip }) => {
    skip(!hasPsql, WITHOUT_PSQL);
    const out = await directory();
    const { temporary, ended } = await start(['--only', 'a,h', '--rows', '2000', '--runs', '1', '--out', out]);
    const { code, output } = await ended;
    expect(code, output).toBe(0);
    expect(await readdir(temporary)).toEqual([]);

    const written = await readdir(out);
    expect(written.map((name) => name.replace(/^\d{8}T\d{6}Z-\w+/, '')).sort()).toEqual(['.json', '.md']);
    const json = written.find((name) => name.endsWith('.json')) ?? '';
    const report = JSON.parse(await readFile(join(out, json), 'utf8'));
    const seconds = { n: 1, samples: [expect.any(Number)], median: expect.any(Number) };
    expect(report).toMatchObject({
      commandLine: 'node bench/run.mjs --only a,h --rows 2000 --runs 1 --out '.concat(out),
      machine: { node: process.version, cores: expect.any(Number) },
      psql: expect.stringContaining('psql'),
      server: { fsync: expect.any(String), server_version: expect.any(String) },
      errors: [],
      results: [
        {
          scenario: 'a',
          unit: 's',
          count: { number: 2000, of: 'rows' },
          sluice: seconds,
          psql: seconds,
          ratios: { ofMedians: expect.any(Number), medianOfPairs: expect.any(Number), pairs: expect.any(Array) },
          targets: [{ sign: '≥', value: 1.2, actual: expect.any(Number), met: expect.any(Boolean) }],
        },
        { scenario: 'h', what: expect.stringContaining('first start'), unit: 'ms' },
        { scenario: 'h', what: expect.stringContaining('existing database'), unit: 'ms', sluice: { n: 1 } },
      ],
    });
  });

  it('asks the analytics while loaders are busy, for each step of events', { timeout: 2 * RUN_MS }, async ({
    skip,
  }) => {
    skip(!hasPsql, WITHOUT_PSQL);
    const out = await directory();
    const { ended } = await start(['--quick', '--only', 'j', '--events', '10000', '--out', out]);
    const { code, output } = await ended;
    expect(code, output).toBe(0);
    const json = (await readdir(out)).find((name) => name.endsWith('.json')) ?? '';
    const { results } = JSON.parse(await readFile(join(out, json), 'utf8'));
    const questions = [
      'purchase_analytics LIMIT 30',
      'user_activity_summary LIMIT 10',
      'one of user_activity_summary',
      '/analytics/purchases?limit=30',
      '/analytics/users?limit=10',
      '/analytics/users/{id}',
    ];
    const steps = ['10,000 events', '10,000 events, each row another user'];
    expect(results.map(({ what }: { readonly what: string }) => what)).toEqual(
      steps.flatMap((step) => questions.map((question) => `${question}, ${step}`)),
    );
    expect(results[0]).toMatchObject({
      scenario: 'j',
      unit: 'ms',
      sluice: { n: expect.any(Number), median: expect.any(Number) },
      notes: [expect.stringMatching(/^deltas of users waited at \d+ of \d+ looks, of [\d,]+ at most$/)],
    });
  });

  it('ends its database and removes its files when it is interrupted', { timeout: RUN_MS }, async ({ skip }) => {
    skip(!hasPsql, WITHOUT_PSQL);
    const out = await directory();
    const { child, temporary, ended } = await start(['--only', 'i', '--rows', '100000', '--out', out]);
    const postmaster = await eventually(async () => {
      const paths = await readdir(temporary, { recursive: true });
      const file = paths.find((path) => path.endsWith('postmaster.pid'));
      const text = await readFile(join(temporary, file ?? 'not yet'), 'utf8');
      if (!text.includes('ready')) throw new Error('the server is still starting');
      return Number.parseInt(text, 10);
    }, 60_000);
    child.kill('SIGINT');
    const { code, output } = await ended;
    expect(code, output).toBe(130);
    expect(await readdir(temporary)).toEqual([]);
    // Its parent is gone, and whoever takes its place may take a moment to bury it.
    await eventually(() => expect(() => process.kill(postmaster, 0)).toThrow('ESRCH'));
  });

  it('refuses a database that holds events', async ({ skip }) => {
    skip(!hasPsql, WITHOUT_PSQL);
    const database = await createTestDatabase();
    onTestFinished(() => database.drop());
    await database.query(
      `insert into user_events (user_id, event_type, event_timestamp, product_id, product_name, product_price, session_id)
       values ('U1', 'view', now(), 'P1', 'Shoe', 1, 's')`,
    );
    const { ended } = await start(['--database-url', database.connectionString]);
    expect(await ended).toMatchObject({
      code: 1,
      output: expect.stringContaining('user_events of that database hold'),
    });
    expect(await database.query('select user_id from user_events')).toEqual([{ user_id: 'U1' }]);
  });

  it('says what is missing where there is no psql', async () => {
    const { ended } = await start([], { PATH: await directory() });
    expect(await ended).toMatchObject({ code: 1, output: expect.stringContaining('install postgresql-client') });
  });

  it.each([
    [['--fast'], "Unknown option '--fast'"],
    [['--only', 'a,x'], "there is no scenario 'x'"],
    [['--rows', '10'], 'must be a whole number from 1000'],
    [['--events', '100'], 'must be a whole number from 10000'],
    [['--database-url', 'localhost'], 'begins with postgresql://'],
  ])('refuses %j and shows how it is called', async (args, message) => {
    const { ended } = await start(args);
    const { code, output } = await ended;
    expect(code).toBe(1);
    expect(output).toContain(message);
    expect(output).toContain('Usage: npm run bench');
  });
});
