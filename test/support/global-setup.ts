import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/database/embedded/embedded-postgres.ts';
import { migrateDatabase } from '../../src/database/migrate.ts';
import { binariesOf } from './postgres-versions.ts';
import './postgres.ts';

/**
 * One PostgreSQL for the whole run, of the version in SLUICE_TEST_POSTGRES (14–18), with a migrated template from which
 * each test makes its own database; and a fresh build, with the dashboard, since worker threads and spawned processes run compiled code.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  build('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json');
  build('node_modules/vite/bin/vite.js', 'build', '--logLevel', 'error');

  const dataDirectory = await mkdtemp(join(tmpdir(), 'sluice-test-postgres-'));
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

function build(...command: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the build failed:\n${stdout}${stderr}`);
}
