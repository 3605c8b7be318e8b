import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { processStartedAt } from '../../src/database/embedded/live-process.ts';
import { findInstalledNative, prepareBinaries } from '../../src/database/embedded/postgres-binaries.ts';
import { chooseRunAs } from '../../src/database/embedded/run-as.ts';
import { withStartLock } from '../../src/database/embedded/start-lock.ts';
import { EmbeddedPlace, isRoot, processesBelow, query, readNames, until } from '../support/embedded-place.ts';
import { type SluiceProcess, SluiceProcesses } from '../support/embedded-process.ts';

const NOBODY = 65_534;

/** Stopped, with a table `kept` of one row: what most tests start from. */
const template = new EmbeddedPlace();
let processes: SluiceProcesses | undefined;
let place: EmbeddedPlace;

beforeAll(async () => {
  processes = new SluiceProcesses(template.directory);
  const server = await template.start();
  await query(server.connectionString, "CREATE TABLE kept AS SELECT 'a row' AS value");
  await server.stop();
});

afterAll(async () => {
  processes?.killAll();
  await template.clear();
});

beforeEach(() => {
  place = new EmbeddedPlace();
});

afterEach(async () => {
  processes?.killAll();
  await place.clear();
});

function startProcess(...args: Parameters<SluiceProcesses['start']>): SluiceProcess {
  if (processes === undefined) throw new Error('nothing was built to start');
  return processes.start(...args);
}

const keptRows = (url: string) => query<{ value: string }>(url, 'SELECT value FROM kept');
const portOf = (url: string) => new URL(url).port;

describe('the first start', () => {
  it('makes a durable UTF-8 database for this machine and the holder of the secret only, and stop() leaves no process', async () => {
    // As a fresh volume would be there.
    mkdirSync(place.cluster, { recursive: true });
    const server = await place.start();

    const settings = await query<{ name: string; setting: string }>(
      server.connectionString,
      `SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses', 'unix_socket_directories', 'server_encoding',
       'fsync', 'full_page_writes', 'synchronous_commit', 'max_wal_size', 'TimeZone')`,
    );
    expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      server_encoding: 'UTF8',
      fsync: 'on',
      full_page_writes: 'on',
      synchronous_commit: 'on',
      max_wal_size: '2048',
      TimeZone: 'UTC',
    });
    expect(readFileSync(server.urlFile, 'utf8')).toBe(server.connectionString);
    expect(server.connectionString).toMatch(/^postgresql:\/\/sluice:[0-9a-f]{64}@127\.0\.0\.1:\d+\/sluice$/);
    expect(statSync(server.urlFile).mode & 0o777).toBe(0o600);
    expect(statSync(place.cluster).mode & 0o777).toBe(0o700);
    const guess = server.connectionString.replace(/:[0-9a-f]{64}@/, `:${'0'.repeat(64)}@`);
    await expect(query(guess, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect(readNames(place.dataDirectory)).toEqual(['database-url', 'postgres']);

    await server.stop();

    expect(readNames(place.dataDirectory)).toEqual(['database-url', 'postgres']);
    expect(processesBelow(place.directory)).toEqual([]);
  });

  it('A7 A9 by three processes at once makes one cluster and one server', async () => {
    const others = [1, 2].map(() => startProcess({ dataDirectory: place.dataDirectory }));
    const server = await place.start();
    const reports = await Promise.all(others.map((other) => other.report));

    expect(reports).toEqual([{ url: server.connectionString }, { url: server.connectionString }]);
    expect(await query(server.connectionString, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);

    await Promise.all([server.stop(), ...others.map((other) => other.stop())]);
    expect(processesBelow(place.directory)).toEqual([]);
    expect(readNames(place.dataDirectory)).toEqual(['database-url', 'postgres']);
  });

  it('that was killed while it made the cluster is made good by the next', async () => {
    const killed = startProcess({ dataDirectory: place.dataDirectory });
    await until('initdb has begun', () =>
      readNames(place.dataDirectory).some(
        (name) => name.startsWith('postgres.new-') && readNames(join(place.dataDirectory, name)).includes('PG_VERSION'),
      ),
    );
    killed.child.kill('SIGKILL');

    const server = await place.start();

    expect(readNames(place.dataDirectory)).toEqual(['database-url', 'postgres']);
    expect(await query(server.connectionString, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('a later start', () => {
  beforeEach(() => place.copyFrom(template));

  it('keeps port, secret and rows', async () => {
    const server = await place.start();
    expect(server.connectionString).toBe(readFileSync(join(template.dataDirectory, 'database-url'), 'utf8'));
    expect(await keptRows(server.connectionString)).toEqual([{ value: 'a row' }]);
  });

  it('A7 takes another port where another program has the old one, and writes it down', async () => {
    const before = readFileSync(join(place.dataDirectory, 'database-url'), 'utf8');
    const squatter = createServer().listen(Number(portOf(before)), '127.0.0.1');
    try {
      const server = await place.start();
      expect(portOf(server.connectionString)).not.toBe(portOf(before));
      expect(readFileSync(server.urlFile, 'utf8')).toBe(server.connectionString);
      expect(await keptRows(server.connectionString)).toEqual([{ value: 'a row' }]);
    } finally {
      squatter.close();
    }
  });

  it('sets a new secret where the address file was lost, also while an orphan runs that knows the old one', async () => {
    const orphaned = startProcess({ dataDirectory: place.dataDirectory });
    await orphaned.report;
    orphaned.child.kill('SIGKILL');
    const orphan = await place.postmasterPid();
    rmSync(join(place.dataDirectory, 'database-url'));

    const server = await place.start();

    expect(await place.postmasterPid()).not.toBe(orphan);
    expect(await keptRows(server.connectionString)).toEqual([{ value: 'a row' }]);
  });

  it('A7 is not stopped by a postmaster.pid whose process id now belongs to another program', async () => {
    const { uid, gid } = statSync(place.cluster);
    const innocent = spawn('sleep', ['60'], isRoot ? { uid, gid } : {});
    try {
      writePidFile(innocent.pid);
      const server = await place.start();
      expect(await keptRows(server.connectionString)).toEqual([{ value: 'a row' }]);
      expect(innocent.exitCode).toBeNull();
      expect(innocent.signalCode).toBeNull();
    } finally {
      innocent.kill('SIGKILL');
    }
  });

  it('A7 does not take the server of another data directory for its own', async () => {
    const neighbour = new EmbeddedPlace();
    try {
      neighbour.copyFrom(template);
      const other = await neighbour.start();
      writePidFile((await neighbour.postmasterPid()) ?? 0, portOf(other.connectionString));
      const server = await place.start();
      expect(portOf(server.connectionString)).not.toBe(portOf(other.connectionString));
      expect(await keptRows(server.connectionString)).toEqual([{ value: 'a row' }]);
      expect(await query(other.connectionString, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      await neighbour.clear();
    }
  });

  it('sets a log of more than 10 MiB aside', async () => {
    const log = join(place.cluster, 'postgres.log');
    truncateSync(log, 11 * 1024 * 1024);
    await place.start();
    expect(statSync(`${log}.1`).size).toBe(11 * 1024 * 1024);
    expect(statSync(log).size).toBeLessThan(100_000);
  });

  function writePidFile(pid: number | undefined, port = '1'): void {
    const file = join(place.cluster, 'postmaster.pid');
    writeFileSync(file, `${pid}\n${place.cluster}\n1700000000\n${port}\n\n127.0.0.1\n  1 1\nready   \n`);
    const { uid, gid } = statSync(place.cluster);
    chownSync(file, uid, gid);
  }
});

describe('a server that died', () => {
  beforeEach(() => place.copyFrom(template));

  it('A3 is started once by however many calls of ensureRunning(), on the same port', async () => {
    const server = await place.start();
    const before = await killPostmaster();

    await Promise.all([server.ensureRunning(), server.ensureRunning(), server.ensureRunning()]);

    const after = await place.postmasterPid();
    expect(after).not.toBe(before);
    expect(await keptRows(server.connectionString)).toEqual([{ value: 'a row' }]);
    await server.ensureRunning();
    expect(await place.postmasterPid()).toBe(after);
  });

  it('A3 is started again although one of its backends was still in the middle of a query', async () => {
    const server = await place.start();
    const busy = query(server.connectionString, 'SELECT count(*) FROM generate_series(1, 5000000)').catch(() => []);
    await until(
      'the query runs',
      async () =>
        (
          await query(
            server.connectionString,
            "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%generate_series%' AND state = 'active' AND pid <> pg_backend_pid()",
          )
        ).length > 0,
    );
    await killPostmaster();

    await server.ensureRunning();

    expect(await keptRows(server.connectionString)).toEqual([{ value: 'a row' }]);
    await busy;
  });

  it('A7 does not hold up stop()', async () => {
    const server = await place.start();
    await killPostmaster();
    await server.stop();
    await until('its processes are gone', () => processesBelow(place.directory).length === 0);
  });

  async function killPostmaster(): Promise<number> {
    const pid = (await place.postmasterPid()) ?? 0;
    process.kill(pid, 'SIGKILL');
    await until('it is dead', async () => (await processStartedAt(pid)) === null);
    return pid;
  }
});

describe('an orphan', () => {
  it('A7 survives the death of its whole process group and is taken over as it is', async () => {
    place.copyFrom(template);
    const first = startProcess({ dataDirectory: place.dataDirectory });
    const report = await first.report;
    const orphan = await place.postmasterPid();
    // As Ctrl-C in a terminal reaches every process of the group, only harder.
    process.kill(-(first.child.pid ?? 0), 'SIGKILL');
    await until('Sluice is dead', () => first.child.signalCode === 'SIGKILL');

    const server = await place.start();

    expect({ url: server.connectionString }).toEqual(report);
    expect(await place.postmasterPid()).toBe(orphan);
    expect(await keptRows(server.connectionString)).toEqual([{ value: 'a row' }]);
    await server.stop();
    expect(processesBelow(place.directory)).toEqual([]);
  });
});

describe('stop()', () => {
  beforeEach(() => place.copyFrom(template));

  it('leaves the server to another Sluice process that is idle, and the last one stops it', async () => {
    const server = await place.start();
    const other = startProcess({ dataDirectory: place.dataDirectory });
    await other.report;

    await server.stop();
    expect(await keptRows(server.connectionString)).toEqual([{ value: 'a row' }]);
    expect(place.logged.join('\n')).toContain('stays running for 1 session');

    await other.stop();
    expect(processesBelow(place.directory)).toEqual([]);
  });

  it('does not wait for sessions that are not of Sluice', async () => {
    const server = await place.start();
    const person = new Client({ connectionString: server.connectionString, application_name: 'psql' });
    const toldOff = new Promise((resolve) => person.on('error', resolve));
    await person.connect();

    await server.stop();

    expect(await toldOff).toMatchObject({ code: '57P01' });
    await person.end();
    expect(processesBelow(place.directory)).toEqual([]);
  });

  it('can be called again, and ends ensureRunning()', async () => {
    const server = await place.start();
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    await expect(server.ensureRunning()).rejects.toMatchObject({ code: 'stopped' });
    expect(processesBelow(place.directory)).toEqual([]);
  });
});

describe('a start that can not succeed', () => {
  it('says what PostgreSQL said, and leaves no process and no lock', async () => {
    place.copyFrom(template);
    writeFileSync(join(place.cluster, 'postgresql.auto.conf'), 'no_such_setting = 1\n');
    await expect(place.start()).rejects.toMatchObject({
      name: 'EmbeddedPostgresError',
      code: 'start_failed',
      message: expect.stringContaining('unrecognized configuration parameter "no_such_setting"'),
    });
    expect(readNames(place.dataDirectory)).toEqual(['database-url', 'postgres']);
    expect(processesBelow(place.directory)).toEqual([]);
  });

  it('of a failing initdb leaves an empty DATA_DIR', async () => {
    const binaries = join(place.makeDirectory('without-share', 0o755), 'native');
    cpSync(join(findInstalledNative(), 'bin'), join(binaries, 'bin'), { recursive: true });
    symlinkSync(join(findInstalledNative(), 'lib'), join(binaries, 'lib'));
    await expect(place.start({ binaries })).rejects.toMatchObject({
      code: 'initdb_failed',
      message: expect.stringContaining('postgres.bki'),
    });
    expect(readNames(place.dataDirectory)).toEqual([]);
  });

  it('on a cluster of another major version names both and touches nothing', async () => {
    place.copyFrom(template);
    writeFileSync(join(place.cluster, 'PG_VERSION'), '17\n');
    const before = listing();
    await expect(place.start()).rejects.toMatchObject({
      code: 'version_mismatch',
      message: expect.stringMatching(/made by PostgreSQL 17.* PostgreSQL 18\./),
    });
    expect(listing()).toEqual(before);
  });

  it.each([
    [
      'files that are no cluster',
      () => {
        mkdirSync(place.cluster);
        writeFileSync(join(place.cluster, 'notes.txt'), 'mine');
      },
    ],
    ['a link to a cluster that is gone', () => symlinkSync(join(place.directory, 'nowhere'), place.cluster)],
    ['a link to a cluster that was emptied', () => symlinkSync(place.makeDirectory('emptied', 0o755), place.cluster)],
  ])('on %s changes nothing', async (_what, prepare) => {
    mkdirSync(place.dataDirectory);
    prepare();
    const before = listing();
    await expect(place.start()).rejects.toMatchObject({ code: 'not_a_cluster' });
    expect(listing()).toEqual(before);
  });

  it('without the binaries for this machine says so', async () => {
    const binaries = place.makeDirectory('empty', 0o755);
    writeFileSync(join(place.directory, 'package.json'), '{"version":"0"}');
    await expect(place.start({ binaries })).rejects.toThrow(/ENOENT|does not run here/);
    expect(readNames(place.dataDirectory)).toEqual([]);
  });

  function listing(): string[] {
    return readdirSync(place.dataDirectory, { recursive: true, encoding: 'utf8' }).map((name) => {
      const { mode, size, mtimeMs } = lstatSync(join(place.dataDirectory, name));
      return `${name} ${mode} ${size} ${name === 'postgres' ? '' : mtimeMs}`;
    });
  }
});

describe('the start lock', () => {
  it('lets one in at a time', async () => {
    let inside = 0;
    let most = 0;
    const enter = () =>
      withStartLock(place.directory, 30_000, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
      });
    await Promise.all(Array.from({ length: 8 }, enter));
    expect(most).toBe(1);
    expect(readNames(place.directory)).toEqual([]);
  });

  it('is not held by the dead, nor by a process that got the id of a dead one', async () => {
    const dead = spawn('true');
    await until('it has ended', () => dead.exitCode !== null);
    const abandoned = [`postgres.lock.${dead.pid}.1.aa`, `postgres.lock.${process.pid}.1.bb`];
    for (const name of abandoned) writeFileSync(join(place.directory, name), '');
    expect(await withStartLock(place.directory, 1_000, async () => 'in')).toBe('in');
    expect(readNames(place.directory)).toEqual([]);
  });

  it('names the process that holds it when the wait is over, and takes its own flag down', async () => {
    const held = `postgres.lock.${process.pid}.${await processStartedAt(process.pid)}.cc`;
    writeFileSync(join(place.directory, held), '');
    await expect(withStartLock(place.directory, 50, async () => 'in')).rejects.toMatchObject({
      code: 'locked',
      message: expect.stringContaining(`Process ${process.pid} `),
    });
    expect(readNames(place.directory)).toEqual([held]);
  });
});

describe.runIf(isRoot)('as root', () => {
  it('runs PostgreSQL as an ordinary user, and only that user can read the cluster', async () => {
    place.copyFrom(template);
    await place.start();
    const { uid, mode } = statSync(place.cluster);
    expect(uid).not.toBe(0);
    expect(mode & 0o777).toBe(0o700);
    expect(statSync(`/proc/${await place.postmasterPid()}`).uid).toBe(uid);
  });

  it('in a closed directory keeps cluster and binaries where that user can reach them', async () => {
    const closed = place.makeDirectory('closed', 0o700);
    const dataDirectory = join(closed, 'data');
    const reachable = join(place.directory, 'reachable');
    const binaries = strippedBinaries(0o700);

    const server = await place.start({ dataDirectory, binaries });
    const target = readlinkSync(join(dataDirectory, 'postgres'));
    expect(dirname(target)).toBe(reachable);
    expect(place.logged.join('\n')).toContain(target);
    await query(server.connectionString, "CREATE TABLE kept AS SELECT 'a row' AS value");
    await server.stop();
    const names = readNames(reachable);
    expect(names).toEqual([
      expect.stringMatching(/^postgres-[0-9a-f]{16}$/),
      expect.stringMatching(/^postgresql-18\./),
    ]);

    // The link is the truth: it finds its rows again, and without it nobody does.
    const again = await place.start({ dataDirectory, binaries });
    expect(await keptRows(again.connectionString)).toEqual([{ value: 'a row' }]);
    await again.stop();
    expect(readNames(reachable)).toEqual(names);
    rmSync(dataDirectory, { recursive: true });
    const anew = await place.start({ dataDirectory, binaries });
    await expect(keptRows(anew.connectionString)).rejects.toMatchObject({ code: '42P01' });
  });

  it('copies the binaries once when two starts need the copy at the same time', async () => {
    const native = strippedBinaries(0o700);
    const runAs = await chooseRunAs(null);
    const copyDirectory = join(place.directory, 'copies');
    const prepare = () => prepareBinaries({ native, runAs, copyDirectory, log: () => {} });
    const [one, two] = await Promise.all([prepare(), prepare()]);
    expect(one).toEqual(two);
    expect(readNames(copyDirectory)).toEqual([expect.stringMatching(/^postgresql-[^/]*\d$/)]);
    expect(readNames(join(dirname(dirname(one.postgres)), 'lib')).filter((name) => name.endsWith('.a'))).toEqual([]);
  });

  it('keeps no copy of binaries that do not run', async () => {
    const native = strippedBinaries(0o700);
    const library = join(native, 'lib/libicuuc.so.60.2');
    renameSync(library, `${library}.away`);
    try {
      const runAs = await chooseRunAs(null);
      const copyDirectory = join(place.directory, 'copies');
      await expect(prepareBinaries({ native, runAs, copyDirectory, log: () => {} })).rejects.toMatchObject({
        code: 'unsupported_platform',
        message: expect.stringContaining('libicuuc.so.60'),
      });
      expect(readNames(copyDirectory)).toEqual([]);
    } finally {
      renameSync(`${library}.away`, library);
    }
  });

  it('says so when a cluster can no longer be reached', async () => {
    const closed = place.makeDirectory('closed', 0o755);
    const dataDirectory = join(closed, 'data');
    cpTemplate(dataDirectory);
    chmodSync(closed, 0o700);
    await expect(place.start({ dataDirectory })).rejects.toMatchObject({ code: 'unreachable_directory' });
  });
});

describe.runIf(isRoot)('as an ordinary user', () => {
  it('runs everything as that user, also where npm made no library links and node_modules is read-only', async () => {
    const home = place.makeDirectory('home', 0o755);
    chownSync(home, NOBODY, NOBODY);
    const dataDirectory = join(home, 'data');
    const binaries = strippedBinaries(0o755);

    const user = startProcess({ dataDirectory, binaries }, { uid: NOBODY, gid: NOBODY });
    expect(await user.report).toEqual({ url: expect.stringMatching(/^postgresql:/) });
    await user.stop();
    expect(statSync(dataDirectory)).toMatchObject({ uid: NOBODY });
    expect(statSync(dataDirectory).mode & 0o777).toBe(0o700);
    expect(statSync(join(dataDirectory, 'postgres')).uid).toBe(NOBODY);
    expect(readNames(dataDirectory)).toEqual(['database-url', 'postgres', expect.stringMatching(/^postgresql-18\./)]);
    expect(processesBelow(place.directory)).toEqual([]);

    // Root may come after: the cluster and its address stay the user's, also where the address changes.
    const squatter = createServer().listen(
      Number(portOf(readFileSync(join(dataDirectory, 'database-url'), 'utf8'))),
      '127.0.0.1',
    );
    try {
      const root = await place.start({ dataDirectory });
      await root.stop();
      expect(readFileSync(root.urlFile, 'utf8')).toBe(root.connectionString);
      expect(statSync(root.urlFile).uid).toBe(NOBODY);
      expect(statSync(join(dataDirectory, 'postgres')).uid).toBe(NOBODY);
    } finally {
      squatter.close();
    }
  });

  it('is told whose cluster it is where another user made it', async () => {
    const home = place.makeDirectory('home', 0o777);
    const dataDirectory = join(home, 'data');
    cpTemplate(dataDirectory);
    chmodSync(dataDirectory, 0o777);
    const owner = statSync(join(dataDirectory, 'postgres')).uid;
    const user = startProcess({ dataDirectory }, { uid: NOBODY, gid: NOBODY });
    expect(await user.report).toEqual({
      code: 'wrong_owner',
      message: expect.stringContaining(`belongs to user ${owner} and Sluice runs as user ${NOBODY}`),
    });
  });
});

/** The installed binaries as an installation without scripts leaves them: no links between the libraries. */
function strippedBinaries(packageMode: number): string {
  const installed = findInstalledNative();
  const directory = join(template.directory, 'stripped');
  const native = join(directory, 'package/native');
  // One copy serves all tests, as it takes most of a second; what a test linked in it is removed for the next.
  if (!existsSync(directory)) {
    cpSync(installed, native, { recursive: true, filter: (file) => !file.endsWith('.a') });
    cpSync(join(installed, '../package.json'), join(directory, 'package/package.json'));
  }
  for (const entry of readdirSync(join(native, 'lib'), { withFileTypes: true })) {
    if (entry.isSymbolicLink()) rmSync(join(native, 'lib', entry.name));
  }
  chmodSync(directory, packageMode);
  return native;
}

function cpTemplate(dataDirectory: string): void {
  const copy = new EmbeddedPlace();
  copy.copyFrom(template);
  renameSync(copy.dataDirectory, dataDirectory);
  rmSync(copy.directory, { recursive: true });
}
