import { writeFileSync } from 'node:fs';
import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectExactly } from '../../support/exact-load.ts';
import { HeldLoads } from '../../support/held-loads.ts';
import { settledFile } from '../../support/ledger.ts';
import { expectedPlain, plainFile } from '../../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { createTestDirectory, startTestService, type TestService } from '../../support/service.ts';

const ROWS = 6_000;

let directory: string;
let database: TestDatabase;
let service: TestService;

beforeEach(async () => {
  directory = await createTestDirectory();
  database = await createTestDatabase();
  // What the ledger showed at any commit, for what is visible for a moment only.
  await database.query(
    'create table seen (file_id bigint, status text, text_offset bigint, bytes_committed bigint, sha256 text)',
  );
  await database.query(`
    create function note() returns trigger language plpgsql as $$ begin
      insert into seen values (new.file_id, new.status, new.text_offset, new.bytes_committed, new.sha256); return null; end $$`);
  await database.query('create trigger note after update on source_files for each row execute function note()');
  service = await startTestService({ directory, database, env: { COMMIT_ROWS: '500' } });
});

afterEach(async () => {
  await service.close();
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

async function commitsSeen(): Promise<{ status: string; committed: boolean; isExact: boolean; isKnown: boolean }[]> {
  return await database.query(
    `select status, text_offset > 0 as committed, bytes_committed = text_offset as "isExact",
            sha256 is not null as "isKnown" from seen order by ctid`,
  );
}

describe('a file that is loaded while it is read for the first time', () => {
  it('I5 commits nothing of a damaged gzip file, however many commits lie before the damage', async () => {
    const packed = gzipSync(plainFile({ tag: 'packed', to: ROWS }));
    packed.writeUInt8(packed.readUInt8(packed.length - 6) ^ 1, packed.length - 6);
    writeFileSync(join(directory, 'packed.csv.gz'), packed);
    expect(await settledFile(database, 'packed.csv.gz')).toMatchObject({ status: 'failed', errorCode: 'corrupt_gzip' });
    expect((await commitsSeen()).filter(({ committed }) => committed)).toEqual([]);
    await expectExactly(database, []);
  });

  it('I1 I2 I4 has its digest and the bytes that are committed in the ledger from the first of its commits on', async () => {
    writeFileSync(join(directory, 'large.csv'), plainFile({ tag: 'large', to: ROWS }));
    expect(await settledFile(database, 'large.csv')).toMatchObject({ status: 'loaded' });
    const commits = (await commitsSeen()).filter(({ committed }) => committed);
    expect(commits.length).toBeGreaterThan(2);
    expect(commits.every(({ isKnown, isExact }) => isKnown && isExact)).toBe(true);
    await expectExactly(database, [expectedPlain('large.csv', { tag: 'large', to: ROWS })]);
  });

  it('I5 is read again where something was done to it meanwhile', async () => {
    const hold = await HeldLoads.hold(database);
    const path = join(directory, 'touched.csv');
    writeFileSync(path, plainFile({ tag: 'touched', to: ROWS, badEvery: 9 }));
    const before = await hold.untilHeld();
    await chmod(path, 0o640);
    const next = await hold.passOneCommit();
    // The first connection is gone with what it had read; another one loads the file.
    expect(await next.untilHeld()).not.toBe(before);
    await next.release();
    expect(await settledFile(database, 'touched.csv')).toMatchObject({ status: 'loaded', failures: 0 });
    await expectExactly(database, [expectedPlain('touched.csv', { tag: 'touched', to: ROWS, badEvery: 9 })]);
  });
});

describe('a file of a size that is in the ledger already', () => {
  it('I1 is a duplicate with the same bytes, of which no row is loaded even for a moment; with others it is loaded', async () => {
    const first = plainFile({ tag: 'size-a', to: ROWS });
    writeFileSync(join(directory, 'first.csv'), first);
    const { id } = await settledFile(database, 'first.csv');
    await database.query('truncate seen');

    writeFileSync(join(directory, 'again.csv'), first);
    expect(await settledFile(database, 'again.csv')).toMatchObject({ status: 'duplicate', duplicateOf: id });
    expect((await commitsSeen()).filter(({ committed }) => committed)).toEqual([]);

    const other = plainFile({ tag: 'size-b', to: ROWS });
    expect(other.length).toBe(first.length);
    writeFileSync(join(directory, 'other.csv'), other);
    expect(await settledFile(database, 'other.csv')).toMatchObject({ status: 'loaded', follows: null });
    await expectExactly(database, [
      expectedPlain('first.csv', { tag: 'size-a', to: ROWS }),
      expectedPlain('other.csv', { tag: 'size-b', to: ROWS }),
    ]);
  });
});
