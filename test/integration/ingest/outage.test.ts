import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../../src/database/client.ts';
import { isDatabaseAway } from '../../../src/database/database-error.ts';
import { claimFiles, renewLeases } from '../../../src/ingest/ledger/claim-files.ts';
import { findFiles } from '../../../src/ingest/ledger/find-files.ts';
import { insertFiles } from '../../../src/ingest/ledger/register-files.ts';
import { LoadConnection } from '../../../src/ingest/load/load-connection.ts';
import { inspectContent } from '../../../src/ingest/sources/inspect-content.ts';
import { SourceFile } from '../../../src/ingest/sources/source-file.ts';
import { DatabaseProxy } from '../../support/database-proxy.ts';
import { eventually } from '../../support/eventually.ts';
import { HeldLoads } from '../../support/held-loads.ts';
import { ledgerRows } from '../../support/ledger.ts';
import { plainFile } from '../../support/plain-events.ts';
import { createTestDatabase, type TestDatabase, withClient } from '../../support/postgres.ts';
import { createTestDirectory, startTestService } from '../../support/service.ts';

/** Docker sends SIGKILL so long after SIGTERM. */
const STOPPED_WITHIN_MS = 10_000;
/** A statement has room for 65,535 values. */
const MANY = 70_000;

let testDatabase: TestDatabase;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
});

afterEach(async () => {
  await testDatabase.drop();
});

describe('the connection of a loader', () => {
  const ALLOWED = { idle: 60_000, statement: 60_000, deletion: 60_000 };

  async function withConnection(
    allowed: Partial<typeof ALLOWED>,
    use: (connection: LoadConnection, proxy: DatabaseProxy) => Promise<void>,
  ): Promise<void> {
    const proxy = await DatabaseProxy.start(testDatabase.connectionString);
    const connection = new LoadConnection(proxy.connectionString, 'sluice-test', { ...ALLOWED, ...allowed });
    try {
      await use(connection, proxy);
    } finally {
      connection.discard();
      await proxy.close();
    }
  }

  it('B1 is given up when the server falls silent over a statement, and replaced', async () => {
    await withConnection({ statement: 300 }, async (connection, proxy) => {
      const database = await connection.database();
      await database.execute(sql`select 1`);
      proxy.silence();
      const error = await database.execute(sql`select 1`).catch((reason: unknown) => reason);
      expect(isDatabaseAway(error)).toBe(true);
      proxy.restore();
      await (await connection.database()).execute(sql`select 1`);
    });
  });

  it('B1 is an outage when the server says nothing from the beginning', async () => {
    await withConnection({}, async (connection, proxy) => {
      proxy.silence();
      expect(isDatabaseAway(await connection.client().catch((reason: unknown) => reason))).toBe(true);
    });
  });

  it('may be silent for long while rows are taken out', async () => {
    await withConnection({ statement: 300 }, async (connection) => {
      const database = await connection.database();
      await database.execute(sql`insert into rejected_rows values (1, 1, 'r', null, 'm', 'raw')`);
      await database.execute(sql`delete from rejected_rows where pg_sleep(1) is not null`);
      await expect(database.execute(sql`select pg_sleep(20)`)).rejects.toThrow();
    });
  });

  it('B1 is given up over a removal, too, once the server can not be asked whether it is at work', async () => {
    await withConnection({ statement: 300 }, async (connection, proxy) => {
      const database = await connection.database();
      await database.execute(sql`insert into rejected_rows values (1, 1, 'r', null, 'm', 'raw')`);
      const removal = database.execute(sql`delete from rejected_rows where pg_sleep(60) is not null`);
      const error = removal.catch((reason: unknown) => reason);
      await eventually(async () => {
        const sleeping = `select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`;
        expect(await testDatabase.query(sleeping)).toHaveLength(1);
      });
      proxy.silence();
      expect(isDatabaseAway(await error)).toBe(true);
    });
  });

  it('lives on while a file is read for long and nothing is asked', async () => {
    await withConnection({ statement: 300 }, async (connection) => {
      const database = await connection.database();
      await database.execute(sql`select 1`);
      await once((await connection.client()).connection.stream, 'timeout');
      await database.execute(sql`select 1`);
    });
  });

  it('is closed after a while without work', async () => {
    await withConnection({ idle: 300 }, async (connection) => {
      const client = await connection.client();
      connection.rest();
      await new Promise((resolve) => void client.once('end', () => resolve(undefined)));
      expect(await connection.client()).not.toBe(client);
    });
  });
});

describe('what the database says', () => {
  async function errorOf(statement: string): Promise<unknown> {
    return await testDatabase.query(statement).catch((error: unknown) => error);
  }

  it.each([
    ['53300', 'has no connection left'],
    ['53100', 'has no room on its disk'],
    ['53200', 'has no memory'],
    ['57P03', 'is starting'],
    ['25P04', 'ends a transaction for its length'],
  ])('B6 B7 counts as an outage when it says %s: it %s', async (code) => {
    expect(isDatabaseAway(await errorOf(`do $$ begin raise sqlstate '${code}'; end $$`))).toBe(true);
  });

  it('A3 counts as an outage when it ends the connection, and not when it cancels the statement', async () => {
    const cancelled = await errorOf(`do $$ begin raise sqlstate '57014'; end $$`);
    expect(cancelled).toMatchObject({ code: '57014' });
    expect(isDatabaseAway(cancelled)).toBe(false);
    expect(isDatabaseAway(await errorOf(`do $$ begin raise sqlstate '57P01'; end $$`))).toBe(true);
  });
});

describe('claims', () => {
  let database: Database;

  beforeEach(() => {
    database = openDatabase({
      connectionString: testDatabase.connectionString,
      applicationName: 'sluice-test',
      maxConnections: 2,
      onError: () => {},
    });
  });

  afterEach(async () => {
    await database.$client.end();
  });

  async function registered(origin: 'directory' | 'cli', names: readonly string[]): Promise<number[]> {
    const files = await insertFiles(
      database,
      names.map((name) => ({ name, path: `/${name}`, origin, sizeBytes: 1, fingerprint: name, reservedFor: 'owner' })),
    );
    return files.map(({ fileId }) => fileId);
  }

  it('a service never claims a file of a command line, however long that process has been dead', async () => {
    const only = await registered('cli', ['a.csv']);
    await testDatabase.query(`update source_files set lease_until = now() - interval '1 day'`);
    expect(await claimFiles(database, { owner: 'service', limit: 5, inFlight: [] })).toEqual([]);
    const [claimed] = await claimFiles(database, { owner: 'next command', limit: 5, inFlight: [], only });
    expect(claimed).toMatchObject({ name: 'a.csv', claimedBy: 'next command' });
  });

  it('one locked ledger row does not keep the leases of others from being renewed', async () => {
    const fileIds = await registered('directory', ['locked.csv', 'free.csv']);
    await testDatabase.query(`update source_files set lease_until = now() - interval '1 day'`);
    await withClient(testDatabase.connectionString, async (client) => {
      await client.query(`begin; select 1 from source_files where name = 'locked.csv' for update`);
      await renewLeases(database, 'owner', fileIds);
    });
    expect(await testDatabase.query('select name from source_files where lease_until > now()')).toEqual([
      { name: 'free.csv' },
    ]);
  });

  it(`as many files as anybody names can be found, claimed and renewed at once`, async () => {
    const [fileId = 0] = await registered('cli', ['a.csv']);
    const fileIds = Array.from({ length: MANY }, (_, n) => fileId + n);
    expect(await findFiles(database, fileIds)).toHaveLength(1);
    expect(await claimFiles(database, { owner: 'owner', limit: 5, inFlight: [], only: fileIds })).toHaveLength(1);
    await renewLeases(database, 'owner', fileIds);
  });
});

describe('a stop', () => {
  it(`B1 ends within ${STOPPED_WITHIN_MS / 1000} s though the database does not answer`, async () => {
    const proxy = await DatabaseProxy.start(testDatabase.connectionString);
    const database = { ...testDatabase, connectionString: proxy.connectionString };
    const running = await startTestService({ database });
    try {
      const hold = await HeldLoads.hold(testDatabase);
      writeFileSync(join(running.directory, 'held.csv'), plainFile({ tag: 'held', to: 100 }));
      await hold.untilHeld();
      proxy.silence();
      await hold.release();
      const begin = performance.now();
      await running.service.stop();
      expect(performance.now() - begin).toBeLessThan(STOPPED_WITHIN_MS);
    } finally {
      await proxy.close();
      await running.close();
    }
  });

  it('is no failure of a file that it interrupts', async () => {
    const running = await startTestService({ database: testDatabase });
    const hold = await HeldLoads.hold(testDatabase);
    try {
      writeFileSync(join(running.directory, 'held.csv'), plainFile({ tag: 'held', to: 100 }));
      await hold.untilHeld();
      await running.service.stop();
      expect(await ledgerRows(testDatabase)).toMatchObject([{ status: 'queued', failures: 0, attempts: 1 }]);
    } finally {
      await hold.release();
      await running.close();
    }
  });

  it('is heard in the first pass over a file, too', async () => {
    const directory = await createTestDirectory();
    const path = join(directory, 'giant.csv');
    writeFileSync(path, Buffer.alloc(3 * 1024 * 1024));
    const source = await SourceFile.open(path);
    try {
      let chunks = 0;
      const stop = () => {
        chunks += 1;
        throw new Error('stopped');
      };
      await expect(inspectContent(source, [], stop)).rejects.toThrow('stopped');
      expect(chunks).toBe(1);
    } finally {
      await source.close();
      await rm(directory, { recursive: true });
    }
  });
});
