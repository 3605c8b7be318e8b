import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { WORKER_FILE } from '../support/service.ts';

const WORKER_POOL = new URL('../../dist/ingest/worker/worker-pool.js', import.meta.url).href;

/** Pools that are ended after 100, 104, … 340 ms, by when their threads have loaded some part of their modules. */
const PROGRAM = `
  import { setTimeout as delay } from 'node:timers/promises';
  import { WorkerPool } from ${JSON.stringify(WORKER_POOL)};
  const settings = { connectionString: 'postgres://nobody@localhost', commitRows: 1, maxRecordBytes: 1, settleMs: 1, timeZone: 'UTC' };
  for (let ms = 100; ms <= 340; ms += 4) {
    const options = { settings, threads: 2, workerFile: process.argv[1], onMessage() {}, onError() {} };
    const pool = new WorkerPool(options);
    await delay(ms);
    await pool.destroy();
  }`;

it('A6 a stop while loader threads are being loaded ends them, and never the process', () => {
  const cwd = fileURLToPath(new URL('../../', import.meta.url));
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', PROGRAM, WORKER_FILE], {
    cwd,
    encoding: 'utf8',
  });
  expect(run.stderr).toBe('');
  expect(run).toMatchObject({ status: 0, signal: null });
}, 60_000);
