import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import request from 'supertest';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { createTestDirectory } from '../support/service.ts';
import { SluiceProcess } from '../support/sluice-process.ts';

const SAMPLES = 6;
const SAMPLE_ROWS_LOADED = 3690;

/** A folder as a fresh clone has it: the samples in `input_data`, no database yet. */
async function freshFolder(): Promise<string> {
  const directory = await createTestDirectory();
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await cp('input_data', join(directory, 'input_data'), { recursive: true });
  return directory;
}

function start(directory: string, env: Record<string, string> = {}): SluiceProcess {
  return new SluiceProcess('main.js', [], { cwd: directory, env: { PORT: '0', SETTLE_MS: '50', ...env } });
}

async function addressOf(service: SluiceProcess): Promise<string> {
  await service.ready();
  const address = /ready at (http:\S+)/.exec(service.stdout)?.[1];
  if (address === undefined) throw new Error(`no address in: ${service.stdout}`);
  return address;
}

async function expectSamplesLoaded(service: SluiceProcess): Promise<void> {
  const address = await addressOf(service);
  await eventually(async () => {
    const { body } = await request(address).get('/ingestion/stats');
    expect(body.files).toEqual({
      queued: 0,
      loading: 0,
      loaded: SAMPLES,
      failed: 0,
      duplicate: 0,
      held: 0,
      reverted: 0,
    });
    expect(body.rows.loaded).toBe(SAMPLE_ROWS_LOADED);
  });
}

async function isDatabaseUp(directory: string): Promise<boolean> {
  const connectionString = await readFile(join(directory, 'data', 'database-url'), 'utf8');
  const client = new pg.Client({ connectionString });
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}

/** PostgreSQL servers whose command line names a folder, by what Linux tells of the processes. */
async function serversOf(directory: string): Promise<string[]> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(processes.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
  return commands.filter((command) => command.includes(directory) && command.includes('postgres'));
}

describe('a start in a fresh folder', () => {
  it('loads the samples, says where to go next, and stops PostgreSQL with itself; a second start loads nothing twice', async () => {
    const directory = await freshFolder();
    const first = start(directory);
    await expectSamplesLoaded(first);
    expect(first.stdout).toContain(`Watched folder   ${join(directory, 'input_data')}`);
    expect(first.stdout).toContain('psql "$(cat data/database-url)"');
    expect(await isDatabaseUp(directory)).toBe(true);
    expect(await first.kill('SIGINT')).toEqual({ code: 0, signal: null });
    expect(await isDatabaseUp(directory)).toBe(false);

    const second = start(directory);
    await expectSamplesLoaded(second);
    expect(await second.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(`${first.stderr}${second.stderr}`).toBe('');
  });

  it('A7 I1 takes over the PostgreSQL of a server that was killed, and stops it in the end', async () => {
    const directory = await freshFolder();
    const killed = start(directory);
    await killed.ready();
    await killed.kill('SIGKILL');

    const next = start(directory);
    await expectSamplesLoaded(next);
    expect(await next.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await isDatabaseUp(directory)).toBe(false);
  });

  it('A6 takes a signal that npm passes on a second time for one', async () => {
    const directory = await freshFolder();
    const service = start(directory, { npm_lifecycle_event: 'start' });
    await service.ready();
    service.child.kill('SIGTERM');
    expect(await service.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await isDatabaseUp(directory)).toBe(false);
  });

  it('runs beside another one in another folder', async () => {
    const directories = [await freshFolder(), await freshFolder()];
    const services = directories.map((directory) => start(directory));
    await Promise.all(services.map(expectSamplesLoaded));
    const exits = await Promise.all(services.map((service) => service.kill('SIGTERM')));
    expect(exits).toEqual([
      { code: 0, signal: null },
      { code: 0, signal: null },
    ]);
  });
});

describe('a stop that comes before the start is over', () => {
  it('A6 leaves no PostgreSQL behind', async () => {
    const directory = await freshFolder();
    const service = start(directory);
    await eventually(async () => expect((await serversOf(directory)).join()).toMatch(/port=/));
    expect(service.stdout).not.toContain('ready');
    expect(await service.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await serversOf(directory)).toEqual([]);
  });
});

describe('a start that can not succeed', () => {
  it('names a port that is taken, exits with 1 and leaves no PostgreSQL behind', async () => {
    const directory = await freshFolder();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      await promisify(other.close.bind(other))();
    });
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';

    const service = start(directory, { PORT: port });
    expect(await service.exited).toEqual({ code: 1, signal: null });
    expect(service.stderr).toContain(`port ${port} is taken`);
    expect(await isDatabaseUp(directory)).toBe(false);
  });

  it('names all faults of the configuration at once and exits with 1', async () => {
    const service = start(await freshFolder(), { PORT: 'http', LOADERS: '0', HOST: '0.0.0.0' });
    expect(await service.exited).toEqual({ code: 1, signal: null });
    for (const name of ['PORT', 'LOADERS', 'HOST']) expect(service.stderr).toContain(`- ${name}`);
  });
});

/** Takes connections and never says a word, as a server that hangs, or a firewall in front of it. */
async function silentServer(): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await promisify(server.close.bind(server))();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

it.each([
  ['refuses connections', async () => 'postgresql://nobody@127.0.0.1:1/none'],
  ['has a name that nobody knows', async () => 'postgresql://nobody@database.invalid:5432/none'],
  ['says nothing', async () => `postgresql://nobody@127.0.0.1:${await silentServer()}/none`],
])('B3 a service whose database %s answers and waits for it instead of ending', async (_, databaseUrl) => {
  const service = start(await freshFolder(), { DATABASE_URL: await databaseUrl(), PORT: '0' });
  const port = await eventually(() => {
    const found = /Server listening at http:\/\/127\.0\.0\.1:(\d+)/.exec(service.stdout)?.[1];
    if (found === undefined) throw new Error(`does not listen: ${service.stdout}${service.stderr}`);
    return found;
  });
  const address = `http://127.0.0.1:${port}`;
  expect((await request(address).get('/health')).status).toBe(503);
  expect((await request(address).get('/health/live')).status).toBe(200);
  await eventually(() => expect(service.stdout).toContain('the database is not available yet'));
  expect((await request(address).get('/health/live')).status).toBe(200);
  expect(await service.kill('SIGTERM')).toEqual({ code: 0, signal: null });
});
