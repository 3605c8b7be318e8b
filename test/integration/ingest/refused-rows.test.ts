import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { expectExactly } from '../../support/exact-load.ts';
import { expectNothingLeaked, type Holdings, holdingsOf } from '../../support/leaks.ts';
import { settledFile, settledRows } from '../../support/ledger.ts';
import { expectedPlain, plainFile } from '../../support/plain-events.ts';
import { putFiles } from '../../support/put-files.ts';
import { createTestDirectory, startTestService, type TestService } from '../../support/service.ts';

const FAILURES = process.env['SLUICE_SOAK'] === '1' ? 1000 : 60;
const SETTLED_WITHIN_S = 2;

let directory: string;
let running: TestService;
let before: Holdings;

beforeEach(async () => {
  directory = await createTestDirectory();
  running = await startTestService({ directory, env: { LOADERS: '2', RESCAN_MS: '60000' } });
  writeFileSync(join(directory, 'first.csv'), plainFile({ tag: 'first', to: 10 }));
  await settledFile(running.database, 'first.csv');
  before = await holdingsOf(process.pid);
  // Behind the back of the service, which checks what it sends by the rules that it knows.
  await running.database.query(
    `alter table user_events add constraint no_poison check (product_name not like '%poison%')`,
  );
});

afterEach(async () => {
  await running.close();
  await rm(directory, { recursive: true, force: true });
});

describe('rows that the server refuses', () => {
  it(`B5 I2 the first one of a large file ends its load within ${SETTLED_WITHIN_S} s, while most of it is still to be sent`, async () => {
    writeFileSync(join(directory, 'large.csv'), plainFile({ tag: 'poison', to: 250_000 }));
    const seconds = await eventually(async () => {
      const [row] = await running.database.query<{ seconds: number }>(
        `select extract(epoch from updated_at - started_at)::float as seconds from source_files where failures = 1`,
      );
      if (row === undefined) throw new Error('it has not failed yet');
      return row.seconds;
    });
    expect(seconds).toBeLessThan(SETTLED_WITHIN_S);
    await expectExactly(running.database, [expectedPlain('first.csv', { tag: 'first', to: 10 })]);
    await expectNothingLeaked({ ...running });
  });

  it(
    `B5 I1 I2 ${FAILURES} such failures leave no connection, transaction or descriptor behind`,
    async () => {
      const { database } = running;
      // Each too large to share a load.
      const files = Array.from({ length: FAILURES }, (_, n) => ({
        name: `${n}.csv`,
        rows: { tag: `poison ${n}`, to: 900 },
      }));
      await putFiles(
        directory,
        files.map(({ name, rows }) => ({ name, content: plainFile(rows) })),
      );
      await eventually(
        async () => {
          const [failed] = await database.query<{ files: number }>(
            'select count(*)::int as files from source_files where failures > 0',
          );
          expect(failed?.files).toBe(FAILURES);
        },
        25_000 + 100 * FAILURES,
      );
      await expectExactly(database, [expectedPlain('first.csv', { tag: 'first', to: 10 })]);
      await database.query('alter table user_events drop constraint no_poison');
      await database.query(`update source_files set available_at = now() where status = 'queued'`);
      const rows = await settledRows(database, FAILURES + 1, 25_000 + 100 * FAILURES);
      expect(rows.filter(({ status }) => status !== 'loaded')).toEqual([]);
      await expectExactly(database, [
        expectedPlain('first.csv', { tag: 'first', to: 10 }),
        ...files.map(({ name, rows: expected }) => expectedPlain(name, expected)),
      ]);
      await expectNothingLeaked({ ...running, process: { pid: process.pid, before } });
    },
    60_000 + 500 * FAILURES,
  );
});
