import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { expect, inject, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { settledRows } from '../../support/ledger.ts';
import { plainFile } from '../../support/plain-events.ts';
import { withClient } from '../../support/postgres.ts';
import { startTestService } from '../../support/service.ts';

/** More than a loader takes at once, and once more ahead. */
const FILES = 600;

it('B3 a server that begins no session is an outage: no file fails or is tried without end, and requests are told so', async () => {
  const running = await startTestService();
  const { database, directory, url, logLines } = running;
  const name = new URL(database.connectionString).pathname.slice(1);
  const setOpen = (admin: pg.Client, isOpen: boolean) =>
    admin.query(`alter database ${name} with allow_connections ${isOpen}`);
  const endSessions = (admin: pg.Client, like: string) =>
    admin.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and application_name like $2',
      [name, like],
    );
  const told = () => logLines.filter((line) => line.includes('what was being loaded is rolled back'));
  try {
    writeFileSync(join(directory, 'before.csv'), plainFile({ tag: 'b', to: 2 }));
    await settledRows(database, 1);
    await withClient(inject('postgresUrl'), async (admin) => {
      await withClient(database.connectionString, async (open) => {
        await setOpen(admin, false);
        // The ledger's sessions live on, as they do when a password is changed: files are claimed that can't be loaded.
        await endSessions(admin, 'sluice-loader%');
        for (let n = 0; n < FILES; n += 1) {
          writeFileSync(join(directory, `${n}.csv`), plainFile({ tag: `p${n}-`, to: 2 }));
        }
        await eventually(async () => {
          const registered = await open.query('select 1 from source_files');
          expect(registered.rows).toHaveLength(1 + FILES);
          expect(told()).toHaveLength(1);
        });
        const looks: { at: number; attempts: number }[] = [];
        await eventually(async () => {
          const { rows } = await open.query<{ attempts: number }>(
            'select sum(attempts)::int as attempts from source_files',
          );
          const attempts = rows[0]?.attempts ?? 0;
          if (attempts !== looks.at(-1)?.attempts) looks.push({ at: performance.now(), attempts });
          expect(looks.length).toBeGreaterThanOrEqual(6);
        });
        // Once what was claimed before is given back: one a second, and not all that waits as fast as it can be claimed.
        const [before, after] = [looks.at(-3), looks.at(-1)];
        expect((after?.attempts ?? 0) - (before?.attempts ?? 0)).toBeLessThan(5);
        expect((after?.at ?? 0) - (before?.at ?? 0)).toBeGreaterThan(1500);
        expect(told()[0]).toContain('not currently accepting connections');

        await endSessions(admin, '%');
      });
      await eventually(async () => expect((await fetch(`${url}/health`)).status).toBe(503));
      for (const path of ['/ingestion/files', '/analytics/purchases', '/ingestion/stats']) {
        const reply = await fetch(url + path);
        expect(reply.status, path).toBe(503);
        expect(await reply.json()).toMatchObject({ code: 'database_unavailable' });
      }
      await setOpen(admin, true);
    });
    const rows = await settledRows(database, 1 + FILES);
    expect(
      rows.filter(({ status, loaded, failures }) => status !== 'loaded' || loaded !== 2 || failures !== 0),
    ).toEqual([]);
  } finally {
    await running.close();
  }
});
