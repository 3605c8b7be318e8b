import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../../src/database/client.ts';
import { claimFiles } from '../../../src/ingest/ledger/claim-files.ts';
import { insertFiles } from '../../../src/ingest/ledger/register-files.ts';
import { createTestDatabase, type TestDatabase, withClient } from '../../support/postgres.ts';

const KB = 1024;

let testDatabase: TestDatabase;
let database: Database;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase({
    connectionString: testDatabase.connectionString,
    applicationName: 'sluice-test',
    maxConnections: 4,
    onError: () => {},
  });
});

afterAll(async () => {
  await database.$client.end();
  await testDatabase.drop();
});

beforeEach(() => testDatabase.query('truncate source_files'));

async function register(sizes: readonly number[]): Promise<void> {
  await insertFiles(
    database,
    sizes.map((sizeBytes, n) => ({ name: `${n}`, path: `/${n}`, origin: 'directory', sizeBytes, fingerprint: `${n}` })),
  );
}

async function claim(limit = 256): Promise<string[]> {
  return (await claimFiles(database, { owner: 'owner', limit, inFlight: [] })).map(({ name }) => name);
}

describe('a claim', () => {
  it('takes small files together, oldest first, at most as many as asked for', async () => {
    await register(Array.from({ length: 7 }, () => KB));
    expect(await claim(3)).toEqual(['0', '1', '2']);
    expect(await claim(3)).toEqual(['3', '4', '5']);
    expect(await claim(3)).toEqual(['6']);
    expect(await claim(3)).toEqual([]);
  });

  it('takes at most 1 MiB of them', async () => {
    await register(Array.from({ length: 20 }, () => 64 * KB));
    expect(await claim()).toHaveLength(16);
    expect(await claim()).toHaveLength(4);
  });

  it('takes a large file alone when it is its turn, and small ones past it before', async () => {
    await register([KB, 64 * KB + 1, KB, 10_000 * KB, KB]);
    expect(await claim()).toEqual(['0', '2', '4']);
    expect(await claim()).toEqual(['1']);
    expect(await claim()).toEqual(['3']);
  });

  it('takes a file alone that has been tried before', async () => {
    await register([KB, KB, KB, KB]);
    await testDatabase.query(`update source_files set attempts = 1 where name in ('0', '2')`);
    expect(await claim()).toEqual(['0']);
    expect(await claim()).toEqual(['1', '3']);
    expect(await claim()).toEqual(['2']);
  });

  it('passes over what another one is taking at this moment', async () => {
    await register(Array.from({ length: 400 }, () => KB));
    const names = (await Promise.all(Array.from({ length: 4 }, () => claim(90)))).flat();
    expect(new Set(names).size).toBe(names.length);
    await withClient(testDatabase.connectionString, async (client) => {
      await client.query('begin');
      const waiting = `select name from source_files where status = 'queued'`;
      const { rows } = await client.query(`${waiting} order by file_id limit 1 for update`);
      const left = await testDatabase.query(waiting);
      expect(await claim(400)).toHaveLength(left.length - rows.length);
    });
  });
});
