import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const DEADLINE_MS = 20_000;

let built: string;
let directory: string;
const running = new Set<ChildProcess>();

// Built on its own, so that the test neither needs dist/ nor races with whoever is building it.
beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'sluice-generate-build-'));
  await writeFile(join(built, 'package.json'), '{"type":"module"}');
  const config = {
    extends: join(REPOSITORY, 'tsconfig.build.json'),
    compilerOptions: {
      rootDir: join(REPOSITORY, 'src'),
      outDir: built,
      typeRoots: [join(REPOSITORY, 'node_modules/@types')],
    },
    include: [],
    files: [join(REPOSITORY, 'src/cli/generate.ts')],
  };
  await writeFile(join(built, 'tsconfig.json'), JSON.stringify(config));
  const compiler = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [compiler, '-p', join(built, 'tsconfig.json')]);
});

afterAll(() => rm(built, { recursive: true, force: true }));

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-generate-'));
});

afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

function start(args: readonly string[]) {
  const child = spawn(process.execPath, [join(built, 'cli/generate.js'), ...args], { cwd: directory });
  running.add(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  const closed = once(child, 'close').then(([exitCode, signal]: unknown[]) => {
    running.delete(child);
    return { exitCode, signal, ...output };
  });
  return { child, closed };
}

const run = (...args: string[]) => start(args).closed;

/** Resolves as soon as the folder's files satisfy the condition. */
async function filesUntil(condition: (names: string[]) => boolean): Promise<string[]> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const names = await readdir(directory);
    if (condition(names)) return names;
    if (Date.now() > deadline) throw new Error(`after ${DEADLINE_MS} ms there is only: ${names.join(', ')}`);
    await new Promise((resume) => setTimeout(resume, 5));
  }
}

async function lineCount(name: string): Promise<number> {
  return (await readFile(join(directory, name), 'utf8')).split('\n').length - 1;
}

describe('npm run generate', () => {
  it('writes the files that were asked for, says so and exits 0', async () => {
    const { exitCode, stdout, stderr } = await run(
      '--rows',
      '50',
      '--files',
      '2',
      '--dirty',
      '0.2',
      '--seed',
      '7',
      '--out',
      'new/drop',
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const names = (await readdir(join(directory, 'new/drop'))).sort();
    expect(names).toEqual(['events-7-0001.csv', 'events-7-0002.csv']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^wrote new\/drop\/events-7-0001\.csv: \d+ bytes, 25 rows, 20 clean, 5 dirty \(/);
  });

  it('prints the seed it chose, and repeats the file from it', async () => {
    const first = await run('--rows', '20', '--dirty', '0.5', '--out', 'a');
    const seed = /^seed (\d+)$/m.exec(first.stdout)?.[1] ?? '';
    await run('--rows', '20', '--dirty', '0.5', '--out', 'b', '--seed', seed);
    const name = `events-${seed}-0001.csv`;
    expect(await readFile(join(directory, 'b', name))).toEqual(await readFile(join(directory, 'a', name)));
  });

  it('writes to input_data by default', async () => {
    await run('--rows', '5', '--seed', '1');
    expect(await readdir(join(directory, 'input_data'))).toEqual(['events-1-0001.csv']);
  });

  it('takes the next name instead of overwriting a file', async () => {
    await run('--rows', '5', '--seed', '1', '--out', '.');
    await run('--rows', '6', '--seed', '1', '--out', '.');
    expect([await lineCount('events-1-0001.csv'), await lineCount('events-1-0002.csv')]).toEqual([6, 7]);
  });

  it('names every fault of its options and exits 1 without writing', async () => {
    const { exitCode, stdout, stderr } = await run('--rows', 'many', '--dirty', '7', '--sed', '1');
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    for (const option of ['--rows', '--dirty', '--sed']) expect(stderr).toContain(`  ${option}: `);
    expect(await readdir(directory)).toEqual([]);
  });

  it('says why it cannot write and exits 1', async () => {
    await writeFile(join(directory, 'file'), '');
    const { exitCode, stderr } = await run('--out', 'file');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^generate: .*file/);
  });

  it('explains its options with --help', async () => {
    const { exitCode, stdout } = await run('--help');
    expect(exitCode).toBe(0);
    for (const option of ['--rows', '--every', '--manifest']) expect(stdout).toContain(option);
  });

  it.each([
    'SIGTERM',
    'SIGINT',
  ] as const)('with --every keeps writing whole files until %s, then exits 0', async (signal) => {
    const { child, closed } = start(['--rows', '30', '--files', '2', '--every', '0.02', '--out', '.', '--manifest']);
    await filesUntil((names) => names.filter((name) => name.endsWith('.csv')).length >= 6);
    child.kill(signal);
    expect(await closed).toMatchObject({ exitCode: 0, signal: null, stderr: '' });

    const names = await readdir(directory);
    const files = names.filter((name) => name.startsWith('events-'));
    for (const name of files) expect(await lineCount(name)).toBeGreaterThanOrEqual(16);
    expect(names.filter((name) => !name.startsWith('events-')).sort()).toEqual(
      files.map((name) => `.${name}.expected.json`).sort(),
    );
  });

  it('leaves no half file when it is interrupted in the middle of one', async () => {
    const { child, closed } = start(['--rows', '1000000000', '--seed', '1', '--out', '.']);
    await filesUntil((names) => names.includes('.events-1-0001.csv.tmp'));
    child.kill('SIGTERM');
    expect(await closed).toMatchObject({ exitCode: 143, signal: null });
    expect(await readdir(directory)).toEqual([]);
  });

  it('stops in the same way when nobody reads what it prints', async () => {
    await mkdir(join(directory, 'drop'));
    const { child, closed } = start(['--rows', '10', '--every', '0.02', '--out', 'drop']);
    child.stdout?.destroy();
    expect(await closed).toMatchObject({ exitCode: 0, signal: null });
    const names = await readdir(join(directory, 'drop'));
    expect(names.filter((name) => name.startsWith('.'))).toEqual([]);
  });
});
