import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { expectExactly } from '../support/exact-load.ts';
import { HeldLoads } from '../support/held-loads.ts';
import { expectNothingLeaked } from '../support/leaks.ts';
import { settledFile, settledRows } from '../support/ledger.ts';
import { expectedPlain, plainFile, plainRows } from '../support/plain-events.ts';
import { createTestDatabase, type TestDatabase, withClient } from '../support/postgres.ts';
import { createTestDirectory, startTestService } from '../support/service.ts';
import { atFullSpeed, slowDownLoads } from '../support/slow-rows.ts';

/** A role as a careful operator makes it: no superuser, whom no limit would hold. */
interface Role {
  readonly name: string;
  readonly database: TestDatabase;
}

let superuser: TestDatabase;
let role: Role;
let directory: string;

beforeEach(async () => {
  directory = await createTestDirectory();
  superuser = await createTestDatabase({ migrated: false });
  const name = `role_${randomUUID().replaceAll('-', '')}`;
  const url = new URL(superuser.connectionString);
  await superuser.query(`create role ${name} login password 'secret'`);
  await superuser.query(`alter database ${url.pathname.slice(1)} owner to ${name}`);
  url.username = name;
  url.password = 'secret';
  role = { name, database: { ...superuser, connectionString: url.href } };
});

afterEach(async () => {
  await superuser.drop();
  await withClient(inject('postgresUrl'), (client) => client.query(`drop role ${role.name}`));
  await rm(directory, { recursive: true, force: true });
});

const start = (env: Readonly<Record<string, string>> = {}) =>
  startTestService({ database: role.database, directory, env });

describe('a role with limits of a second for everything', () => {
  const LARGE = { tag: 'large', to: 3000, badEvery: 40 };

  beforeEach(async () => {
    for (const setting of ['statement_timeout', 'idle_in_transaction_session_timeout', 'lock_timeout'])
      await superuser.query(`alter role ${role.name} set ${setting} = '1s'`);
    const [{ version } = { version: 0 }] = await superuser.query<{ version: number }>(
      `select current_setting('server_version_num')::int as version`,
    );
    if (version >= 170_000) await superuser.query(`alter role ${role.name} set transaction_timeout = '1s'`);
  });

  it('B4 I1 I2 loads what takes longer: the COPY, the wait for a lock, and taking rows out again', async () => {
    const running = await start({ COMMIT_ROWS: '1000' });
    try {
      // Each COPY takes well over a second.
      await slowDownLoads(superuser, 0.0015);
      writeFileSync(join(directory, 'large.csv'), plainFile(LARGE));
      expect(await settledFile(superuser, 'large.csv')).toMatchObject({ status: 'loaded', attempts: 1, failures: 0 });

      const hold = await HeldLoads.hold(superuser);
      writeFileSync(join(directory, 'held.csv'), plainFile({ tag: 'held', to: 10 }));
      await hold.untilHeld();
      await eventually(async () => {
        const longWaits = await superuser.query(
          `select 1 from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock' and query_start < clock_timestamp() - interval '1.5 s'`,
        );
        expect(longWaits).toHaveLength(1);
      });
      await hold.release();
      expect(await settledFile(superuser, 'held.csv')).toMatchObject({ status: 'loaded', attempts: 1 });

      // Rows of a first commit, and then some that are refused for good: to take the first ones out takes its time.
      await atFullSpeed(superuser);
      await superuser.query(`
        create function slow_out() returns trigger language plpgsql as $$ begin perform pg_sleep(0.0015); return old; end $$;
        create trigger slow_out before delete on user_events for each row execute function slow_out();
        alter table user_events add constraint no_poison check (product_name not like '%poison%')`);
      writeFileSync(
        join(directory, 'poison.csv'),
        plainFile({ tag: 'good', to: 3000 }) + plainRows({ tag: 'poison', from: 3000, to: 4000 }),
      );
      await eventually(async () => {
        const [committed] = await superuser.query(
          `select 1 from source_files where name = 'poison.csv' and rows_read > 1000`,
        );
        expect(committed).toBeDefined();
      });
      await eventually(async () => {
        await superuser.query(`update source_files set available_at = now() where name = 'poison.csv'`);
        const [file] = await superuser.query(`select status, error_code from source_files where name = 'poison.csv'`);
        expect(file).toEqual({ status: 'failed', error_code: 'load_failed' });
      }, 25_000);

      await withClient(superuser.connectionString, async (client) => {
        await client.query('begin; lock table user_totals');
        const users = await fetch(`${running.url}/analytics/users`);
        expect(users.status).toBe(503);
        expect(await users.json()).toMatchObject({ code: 'query_timeout' });
        expect((await fetch(`${running.url}/health`)).status).toBe(200);
      });
      await expectNothingLeaked({ database: superuser, directory });
      await expectExactly(superuser, [
        expectedPlain('large.csv', LARGE),
        expectedPlain('held.csv', { tag: 'held', to: 10 }),
      ]);
    } finally {
      await running.close();
    }
  }, 60_000);
});

describe('a role with few connections', () => {
  const FILES = 50;

  it('B6 I1 I7 loads 50 files at once without a deadlock, and none of them counts that as its failure', async () => {
    const running = await start({ LOADERS: '3' });
    try {
      // One for each pool and loader is not enough for their most; superusers reserve none of them.
      await superuser.query(`alter role ${role.name} connection limit 5`);
      const files = Array.from({ length: FILES }, (_, n) => ({ name: `${n}.csv`, rows: { tag: `f${n}`, to: 1100 } }));
      await Promise.all(files.map(({ name, rows }) => writeFile(join(directory, name), plainFile(rows))));
      const took: number[] = [];
      let isDone = false;
      const asking = (async () => {
        while (!isDone) {
          const begin = performance.now();
          expect((await fetch(`${running.url}/health`)).status).toBe(200);
          took.push(performance.now() - begin);
        }
      })();
      const rows = await settledRows(superuser, FILES, 25_000).finally(() => {
        isDone = true;
      });
      await asking;
      expect(rows.filter(({ status, failures }) => status !== 'loaded' || failures > 0)).toEqual([]);
      took.sort((a, b) => a - b);
      expect(took[Math.floor(took.length * 0.99)]).toBeLessThan(200);
      await expectExactly(
        superuser,
        files.map(({ name, rows: expected }) => expectedPlain(name, expected)),
      );
      await expectNothingLeaked({ database: superuser, directory });
    } finally {
      await running.close();
    }
  }, 60_000);

  it('B6 I3 waits while there is not one connection left, and then loads', async () => {
    const running = await start();
    try {
      await superuser.query(`alter role ${role.name} connection limit 0`);
      await superuser.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${role.name}'`);
      writeFileSync(join(directory, 'waits.csv'), plainFile({ tag: 'waits', to: 10 }));
      await eventually(async () => expect((await fetch(`${running.url}/health`)).status).toBe(503));
      const upload = await fetch(`${running.url}/uploads/up.csv`, {
        method: 'PUT',
        body: plainFile({ tag: 'up', to: 1 }),
      });
      expect(upload.status).toBe(503);
      expect(upload.headers.get('retry-after')).not.toBeNull();
      await superuser.query(`alter role ${role.name} connection limit -1`);
      expect(await settledFile(superuser, 'waits.csv')).toMatchObject({ status: 'loaded', failures: 0 });
      await expectExactly(superuser, [expectedPlain('waits.csv', { tag: 'waits', to: 10 })]);
    } finally {
      await running.close();
    }
  });
});
