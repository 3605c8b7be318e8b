import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrateDatabase } from '../../src/database/migrate.ts';
import { eventType } from '../../src/database/schema.ts';
import { EVENT_TYPES } from '../../src/ingest/event-columns.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const VALID = "('U1', 'view', now(), 'P1', 'Shoe', 12.50, 's1')";
const insert = (values: string) =>
  `insert into user_events (user_id, event_type, event_timestamp, product_id, product_name, product_price, session_id) values ${values}`;

describe('the database holds the rules for every writer', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  test('a row without lineage is taken, with the time of its processing', async () => {
    const rows = await database.query<{ processed_at: Date; file_id: unknown }>(
      `${insert(VALID)} returning processed_at, file_id`,
    );
    expect(rows[0]?.processed_at).toBeInstanceOf(Date);
    expect(rows[0]?.file_id).toBeNull();
  });

  test.each([
    ['a price of zero', VALID.replace('12.50', '0')],
    ['a price below zero', VALID.replace('12.50', '-1')],
    ['a price that is no number', VALID.replace('12.50', "'NaN'")],
    ['a price above the range', VALID.replace('12.50', '100000000')],
    ['an unknown event type', VALID.replace("'view'", "'click'")],
    ['a user id of 51 characters', VALID.replace("'U1'", `'${'x'.repeat(51)}'`)],
    ['a missing session', VALID.replace("'s1'", 'null')],
  ])('%s is refused', async (_what, values) => {
    await expect(database.query(insert(values))).rejects.toThrow();
  });

  test('I2 a ledger row whose counts do not add up is refused', async () => {
    const ledger =
      "insert into source_files (name, path, origin, size_bytes, fingerprint, rows_read, rows_loaded) values ('a', '/a', 'cli', 1, 'f', 2, 1)";
    await expect(database.query(ledger)).rejects.toThrow(/source_files_accounting/);
  });

  test('user_events can be distributed later: no foreign key, trigger, or second unique key', async () => {
    const constraints = await database.query<{ contype: string }>(
      "select contype from pg_constraint where conrelid = 'user_events'::regclass and contype not in ('n', 'c')",
    );
    const triggers = await database.query("select 1 from pg_trigger where tgrelid = 'user_events'::regclass");
    expect(constraints).toEqual([{ contype: 'p' }]);
    expect(triggers).toEqual([]);
  });
});

describe('schema and migrations', () => {
  test('the event types of the schema are those of the contract', () => {
    expect(eventType.enumValues).toEqual([...EVENT_TYPES]);
  });

  test('the migrations are up to date with the schema', async () => {
    const out = await mkdtemp(join(tmpdir(), 'sluice-drizzle-'));
    try {
      await cp('drizzle', out, { recursive: true });
      await promisify(execFile)('node_modules/.bin/drizzle-kit', [
        'generate',
        '--dialect',
        'postgresql',
        '--schema',
        'src/database/schema.ts',
        '--out',
        out,
      ]);
      expect(await readdir(out)).toEqual(await readdir('drizzle'));
    } finally {
      await rm(out, { recursive: true, force: true });
    }
  });

  test('a database that can not hold every character is refused, before anything is made in it', async () => {
    const database = await createTestDatabase({ migrated: false, encoding: 'LATIN1' });
    try {
      await expect(migrateDatabase(database.connectionString)).rejects.toMatchObject({
        code: 'unsupported_server',
        message: expect.stringContaining('is LATIN1'),
      });
      expect(await database.query("select 1 from pg_namespace where nspname = 'drizzle'")).toEqual([]);
    } finally {
      await database.drop();
    }
  });

  test('a migration needs one connection only, as behind a pooler that has no more', async () => {
    const database = await createTestDatabase({ migrated: false });
    try {
      const url = new URL(database.connectionString);
      const name = url.pathname.slice(1);
      const role = `${name}_owner`;
      await database.query(`create role ${role} login connection limit 1 password 'one'`);
      await database.query(`alter database ${name} owner to ${role}`);
      url.username = role;
      url.password = 'one';
      await expect(migrateDatabase(url.href)).resolves.toBeUndefined();
      await database.query(`reassign owned by ${role} to current_user`);
      await database.query(`drop role ${role}`);
    } finally {
      await database.drop();
    }
  });

  test('eight replicas that start at once on an empty database migrate it once', async () => {
    const database = await createTestDatabase({ migrated: false });
    try {
      await Promise.all(Array.from({ length: 8 }, () => migrateDatabase(database.connectionString)));
      const applied = await database.query<{ count: number }>(
        'select count(*)::int as count from drizzle.__drizzle_migrations',
      );
      const files = (await readdir('drizzle')).filter((name) => name.endsWith('.sql'));
      expect(applied).toEqual([{ count: files.length }]);
    } finally {
      await database.drop();
    }
  });
});
