import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/database/embedded/embedded-postgres.ts';
import { migrateDatabase } from '../../src/database/migrate.ts';
import { binariesOf } from './postgres-versions.ts';
import './postgres.ts';

/** Databases of the tests that run at the same time, and the write-ahead log, of which the tests would fill gigabytes. */
const NEEDED_MEMORY_BYTES = 4 * 2 ** 30;

/**
 * One PostgreSQL for the whole run, of the version in SLUICE_TEST_POSTGRES (14–18), with a migrated template from which
 * each test makes its own database; and a fresh build, with the dashboard, since worker threads and spawned processes run compiled code.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  build('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json');
  build('node_modules/vite/bin/vite.js', 'build', '--logLevel', 'error');

  const dataDirectory = await mkdtemp(join(await placeForDatabases(), 'sluice-test-postgres-'));
  // Run by root, PostgreSQL has a user of its own, who has to get in.
  await chmod(dataDirectory, 0o711);
  const binaries = binariesOf(Number(process.env['SLUICE_TEST_POSTGRES'] ?? 18));
  const server = await startEmbeddedPostgres({
    dataDirectory,
    log: () => {},
    ...(binaries === undefined ? {} : { binaries }),
  });
  const client = new pg.Client({ connectionString: server.connectionString });
  await client.connect();
  // What survives a power cut is not at stake here; test/process/embedded-postgres.test.ts sees that it is on in use.
  await client.query('alter system set fsync = off');
  await client.query('alter system set max_connections = 300');
  await client.query("alter system set max_wal_size = '512MB'");
  await client.query('create database sluice_template');
  await client.end();
  await server.stop();
  const restarted = await startEmbeddedPostgres({
    dataDirectory,
    log: () => {},
    ...(binaries === undefined ? {} : { binaries }),
  });
  const template = new URL(restarted.connectionString);
  template.pathname = '/sluice_template';
  await migrateDatabase(template.href);
  project.provide('postgresUrl', restarted.connectionString);
  return async () => {
    await restarted.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  };
}

/**
 * More than a thousand databases of 300 files each are made and dropped in a run: 45 ms each in memory, 250 ms on an ext4 disk. Where there is
 * little memory to have (a container has 64 MB of it by default), the disk has to do.
 */
async function placeForDatabases(): Promise<string> {
  const memory = '/dev/shm';
  const { bavail, bsize } = await statfs(memory).catch(() => ({ bavail: 0, bsize: 0 }));
  return bavail * bsize >= NEEDED_MEMORY_BYTES ? memory : tmpdir();
}

function build(...command: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the build failed:\n${stdout}${stderr}`);
}
