import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Service } from '../../../src/app.ts';
import { createLogger } from '../../../src/log.ts';
import { eventually } from '../../support/eventually.ts';
import { expectExactly } from '../../support/exact-load.ts';
import { ledgerRows, settledFile } from '../../support/ledger.ts';
import { expectedPlain, plainFile, plainRows } from '../../support/plain-events.ts';
import { createTestDirectory, startTestService, type TestService, WORKER_FILE } from '../../support/service.ts';

let directory: string;
let running: TestService;

beforeEach(async () => {
  directory = await createTestDirectory();
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Waits for the failure after `failures` others, and answers with the pause before the next attempt in seconds. */
async function pauseAfter(name: string, failures: number): Promise<number> {
  return await eventually(async () => {
    const [row] = await running.database.query<{ pause: number }>(
      `select extract(epoch from available_at - updated_at)::float as pause from source_files
        where name = $1 and failures = $2 and status = 'queued'`,
      [name, failures],
    );
    if (row === undefined) throw new Error(`${name} has not failed ${failures} times`);
    return row.pause;
  });
}

/** As if the pause were over. */
async function skipPause(name: string): Promise<void> {
  await running.database.query(`update source_files set available_at = now() where name = $1`, [name]);
}

describe('a file whose rows the database refuses', () => {
  it('D13 I3 is parked after five attempts with growing pauses, holds up no other, and is loaded by a retry', async () => {
    running = await startTestService({ directory, env: { COMMIT_ROWS: '100' } });
    try {
      await running.database.query(
        `alter table user_events add constraint no_poison check (product_name not like '%poison%')`,
      );
      const poison = [
        { tag: 'harmless', to: 2000 },
        { tag: 'poison', from: 2000, to: 2001 },
      ] as const;
      writeFileSync(join(directory, 'poison.csv'), plainFile(poison[0]) + plainRows(poison[1]));
      for (const [index, pause] of [1, 2, 4, 8].entries()) {
        expect(await pauseAfter('poison.csv', index + 1)).toBeCloseTo(pause, 1);
        const name = `other-${index}.csv`;
        writeFileSync(join(directory, name), plainFile({ tag: name, to: 20 }));
        expect(await settledFile(running.database, name)).toMatchObject({ status: 'loaded' });
        await skipPause('poison.csv');
      }
      const failed = await settledFile(running.database, 'poison.csv');
      expect(failed).toMatchObject({ status: 'failed', errorCode: 'load_failed', attempts: 5, read: 0 });
      expect(failed.errorMessage).toContain('no_poison');
      const others = [0, 1, 2, 3].map((index) =>
        expectedPlain(`other-${index}.csv`, { tag: `other-${index}.csv`, to: 20 }),
      );
      await expectExactly(running.database, others);

      await running.database.query('alter table user_events drop constraint no_poison');
      expect((await fetch(`${running.url}/ingestion/files/${failed.id}/retry`, { method: 'POST' })).status).toBe(202);
      expect(await settledFile(running.database, 'poison.csv')).toMatchObject({
        id: failed.id,
        status: 'loaded',
        failures: 0,
      });
      await expectExactly(running.database, [...others, expectedPlain('poison.csv', ...poison)]);

      // No connection is left in a broken transaction by all those failures.
      const idle = await running.database.query(
        `select 1 from pg_stat_activity where datname = current_database() and state like 'idle in%'`,
      );
      expect(idle).toEqual([]);
    } finally {
      await running.close();
    }
  });
});

describe('a loader thread that dies', () => {
  it('A8 I1 I3 is replaced; the file is tried again, others go on', async () => {
    running = await startTestService({ directory });
    const { database, config } = running;
    await running.service.stop();
    // The loader as it is, but for a file that ends its thread as an abort in native code would: twice, then no more.
    const marker = `${JSON.stringify(`${directory}/.deaths`)}`;
    const workerFile = join(directory, '.worker.mjs');
    writeFileSync(
      workerFile,
      `import { runTask as load } from ${JSON.stringify(pathToFileURL(WORKER_FILE).href)};
       import { appendFileSync, readFileSync } from 'node:fs';
       export async function runTask(task) {
         if (task.file.name === 'deadly.csv') {
           appendFileSync(${marker}, 'x');
           if (readFileSync(${marker}).length <= 2) process.exit(3);
         }
         return await load(task);
       }`,
    );
    const service = new Service({ config, log: createLogger('silent'), workerFile });
    try {
      await service.start();
      writeFileSync(join(directory, 'deadly.csv'), plainFile({ tag: 'deadly', to: 50 }));
      for (const failures of [1, 2]) {
        await pauseAfter('deadly.csv', failures);
        const name = `after-${failures}.csv`;
        writeFileSync(join(directory, name), plainFile({ tag: name, to: 10 }));
        expect(await settledFile(database, name)).toMatchObject({ status: 'loaded' });
        await skipPause('deadly.csv');
      }
      expect(await settledFile(database, 'deadly.csv')).toMatchObject({ status: 'loaded', attempts: 3 });
      expect(await ledgerRows(database)).toHaveLength(3);
      await expectExactly(database, [
        expectedPlain('deadly.csv', { tag: 'deadly', to: 50 }),
        expectedPlain('after-1.csv', { tag: 'after-1.csv', to: 10 }),
        expectedPlain('after-2.csv', { tag: 'after-2.csv', to: 10 }),
      ]);
    } finally {
      await service.stop();
      await running.close();
    }
  });

  it('A8 with nothing to do is replaced, and the service goes on', async () => {
    running = await startTestService({ directory });
    const { database, config } = running;
    await running.service.stop();
    const order = JSON.stringify(`${directory}/.die`);
    const workerFile = join(directory, '.worker.mjs');
    writeFileSync(
      workerFile,
      `export { runTask } from ${JSON.stringify(pathToFileURL(WORKER_FILE).href)};
       import { existsSync, rmSync } from 'node:fs';
       setInterval(() => {
         if (!existsSync(${order})) return;
         rmSync(${order});
         throw new Error('died in its sleep');
       }, 10);`,
    );
    const logLines: string[] = [];
    const log = pino({}, { write: (line: string) => void logLines.push(line) });
    const service = new Service({ config, log, workerFile });
    try {
      await service.start();
      writeFileSync(join(directory, '.die'), '');
      await eventually(() => expect(logLines.join('')).toContain('died in its sleep'));
      writeFileSync(join(directory, 'after.csv'), plainFile({ tag: 'after', to: 10 }));
      expect(await settledFile(database, 'after.csv')).toMatchObject({ status: 'loaded', failures: 0 });
    } finally {
      await service.stop();
      await running.close();
    }
  });
});
