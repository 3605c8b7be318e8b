import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { expect, inject, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { settledFile } from '../../support/ledger.ts';
import { plainFile } from '../../support/plain-events.ts';
import { withClient } from '../../support/postgres.ts';
import { startTestService } from '../../support/service.ts';

it('B3 a server that answers and begins no session is an outage: no file has failed, and requests are told so', async () => {
  const running = await startTestService();
  const { database, directory, url, logLines } = running;
  const name = new URL(database.connectionString).pathname.slice(1);
  const setOpen = (admin: pg.Client, isOpen: boolean) =>
    admin.query(`alter database ${name} with allow_connections ${isOpen}`);
  try {
    await withClient(inject('postgresUrl'), async (admin) => {
      await setOpen(admin, false);
      // The sessions that there are live on: the file gets into the ledger, and only the loader has none yet.
      await writeFile(join(directory, 'patient.csv'), plainFile({ tag: 'p', to: 5 }));
      await eventually(() => expect(logLines.join('')).toMatch(/not currently accepting connections/));

      await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
      await eventually(async () => expect((await fetch(`${url}/health`)).status).toBe(503));
      for (const path of ['/ingestion/files', '/analytics/purchases', '/ingestion/stats']) {
        const reply = await fetch(url + path);
        expect(reply.status, path).toBe(503);
        expect(await reply.json()).toMatchObject({ code: 'database_unavailable' });
      }

      await setOpen(admin, true);
    });
    expect(await settledFile(database, 'patient.csv')).toMatchObject({ status: 'loaded', loaded: 5, failures: 0 });
  } finally {
    await running.close();
  }
});
