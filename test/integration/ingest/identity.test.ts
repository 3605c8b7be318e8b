import { writeFileSync } from 'node:fs';
import { appendFile, readFile, rename, rm, truncate, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { emptyTables } from '../../support/empty-tables.ts';
import { eventually } from '../../support/eventually.ts';
import { expectAccounting, expectExactly } from '../../support/exact-load.ts';
import { settledFile, settledRows, settledVersions } from '../../support/ledger.ts';
import { expectedPlain, HEADER, plainFile, plainRows } from '../../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { putFiles } from '../../support/put-files.ts';
import { createTestDirectory, startTestService, type TestService } from '../../support/service.ts';

let running: TestService;

beforeAll(async () => {
  running = await startTestService({ env: { RESCAN_MS: '1000', COMMIT_ROWS: '40' } });
});

afterAll(() => running.close());

// One service for all of them: each test has a name of its own and leaves a clean slate.
beforeEach(() => emptyTables(running.database));

let name: string;
let path: string;
let number = 0;

beforeEach(() => {
  number += 1;
  name = `file-${number}.csv`;
  path = join(running.directory, name);
});

afterEach(() => rm(path, { force: true }));

describe('the same bytes', () => {
  it('C11 I1 under other names are duplicates of the first, which is loaded', async () => {
    writeFileSync(path, plainFile({ tag: name, to: 30 }));
    const { id } = await settledFile(running.database, name);
    for (const other of ['a', 'b', 'c']) writeFileSync(`${path}-${other}.csv`, plainFile({ tag: name, to: 30 }));
    const rows = await settledRows(running.database, 4);
    expect(rows.map(({ status, duplicateOf }) => [status, duplicateOf])).toEqual([
      ['loaded', null],
      ['duplicate', id],
      ['duplicate', id],
      ['duplicate', id],
    ]);
    await expectExactly(running.database, [expectedPlain(name, { tag: name, to: 30 })]);
    for (const other of ['a', 'b', 'c']) await rm(`${path}-${other}.csv`);
  });

  it('C2 I1 at the same name, touched or written again, are a duplicate', async () => {
    writeFileSync(path, plainFile({ tag: name, to: 30 }));
    const { id } = await settledFile(running.database, name);
    await utimes(path, new Date(), new Date(Date.now() - 60_000));
    await settledVersions(running.database, name, 2);
    await rm(path);
    writeFileSync(path, plainFile({ tag: name, to: 30 }));
    const versions = await settledVersions(running.database, name, 3);
    expect(versions.slice(1)).toMatchObject([
      { status: 'duplicate', duplicateOf: id, read: 0 },
      { status: 'duplicate', duplicateOf: id, read: 0 },
    ]);
    await expectExactly(running.database, [expectedPlain(name, { tag: name, to: 30 })]);
  });

  it('C2 C11 I1 are a duplicate again when they come back after other bytes', async () => {
    writeFileSync(path, plainFile({ tag: `${name}-a`, to: 10 }));
    const { id } = await settledFile(running.database, name);
    writeFileSync(path, plainFile({ tag: `${name}-b`, to: 12 }));
    await settledVersions(running.database, name, 2);
    writeFileSync(path, plainFile({ tag: `${name}-a`, to: 10 }));
    const versions = await settledVersions(running.database, name, 3);
    expect(versions[1]).toMatchObject({ status: 'loaded', loaded: 12, follows: id });
    expect(versions[2]).toMatchObject({ status: 'duplicate', duplicateOf: id });
    await expectExactly(running.database, [
      expectedPlain(name, { tag: `${name}-a`, to: 10 }, { tag: `${name}-b`, to: 12 }),
    ]);
  });
});

describe('a file that has grown', () => {
  it('I1 I5 gives only its new rows, however often; line numbers go on', async () => {
    writeFileSync(path, plainFile({ tag: name, to: 50, badEvery: 9 }));
    const versions = [await settledFile(running.database, name)];
    for (const [from, to] of [
      [50, 51],
      [51, 170],
      [170, 180],
    ] as const) {
      await appendFile(path, plainRows({ tag: name, from, to, badEvery: 9 }));
      const last = (await settledVersions(running.database, name, versions.length + 1)).at(-1);
      expect(last).toMatchObject({ status: 'loaded', read: to - from, follows: versions.at(-1)?.id });
      if (last !== undefined) versions.push(last);
    }
    await expectExactly(running.database, [expectedPlain(name, { tag: name, to: 180, badEvery: 9 })]);
  });

  it('I1 also where its last line had no line end', async () => {
    const whole = plainFile({ tag: name, to: 20 });
    writeFileSync(path, plainFile({ tag: name, to: 10 }).trimEnd());
    await settledFile(running.database, name);
    writeFileSync(path, whole.trimEnd());
    await settledVersions(running.database, name, 2);
    writeFileSync(path, whole);
    const versions = await settledVersions(running.database, name, 3);
    expect(versions.map(({ read }) => read)).toEqual([10, 10, 0]);
    await expectExactly(running.database, [expectedPlain(name, { tag: name, to: 20 })]);
  });

  it('I1 also where it had a header only, with and without a line end', async () => {
    for (const header of [HEADER, HEADER.trimEnd()]) {
      await emptyTables(running.database);
      writeFileSync(path, header);
      expect(await settledFile(running.database, name)).toMatchObject({ status: 'loaded', read: 0, loaded: 0 });
      writeFileSync(path, plainFile({ tag: name, to: 5 }));
      const [, second] = await settledVersions(running.database, name, 2);
      expect(second).toMatchObject({ status: 'loaded', read: 5 });
      await expectExactly(running.database, [expectedPlain(name, { tag: name, to: 5 })]);
      await rm(path);
    }
  });

  it('I1 also in the middle of a record with line breaks in quotes: lines are counted on', async () => {
    const row = (n: number) => `u${n},view,2024-01-15,p,"two\nlines",1.00,s${n}\n`;
    writeFileSync(path, HEADER + row(1) + row(2));
    await settledFile(running.database, name);
    await appendFile(path, `${row(3)}bad row\n${row(4)}`);
    await settledVersions(running.database, name, 2);
    const lines = await running.database.query(
      'select user_id, line_number::int as line from user_events order by line_number',
    );
    expect(lines.map(({ user_id, line }) => [user_id, line])).toEqual([
      ['U1', 2],
      ['U2', 4],
      ['U3', 6],
      ['U4', 9],
    ]);
    expect(await running.database.query('select line_number::int as line, raw from rejected_rows')).toEqual([
      { line: 8, raw: 'bad row' },
    ]);
  });

  it('I1 by a gzip member, several times', async () => {
    const zipped = `${path}.gz`;
    writeFileSync(zipped, gzipSync(plainFile({ tag: name, to: 60 })));
    const { id } = await settledFile(running.database, `${name}.gz`);
    await appendFile(zipped, gzipSync(plainRows({ tag: name, from: 60, to: 100 })));
    await settledVersions(running.database, `${name}.gz`, 2);
    await appendFile(zipped, gzipSync(plainRows({ tag: name, from: 100, to: 101 })));
    const versions = await settledVersions(running.database, `${name}.gz`, 3);
    expect(versions.map(({ read }) => read)).toEqual([60, 40, 1]);
    expect(versions[1]?.follows).toBe(id);
    await expectExactly(running.database, [expectedPlain(`${name}.gz`, { tag: name, to: 101 })]);
    await rm(zipped);
  });

  it('I1 a copy of the grown file under another name is a duplicate of the newest version', async () => {
    writeFileSync(path, plainFile({ tag: name, to: 10 }));
    await settledFile(running.database, name);
    await appendFile(path, plainRows({ tag: name, from: 10, to: 15 }));
    const [, grown] = await settledVersions(running.database, name, 2);
    writeFileSync(`${path}.copy.csv`, await readFile(path));
    expect(await settledFile(running.database, `${name}.copy.csv`)).toMatchObject({
      status: 'duplicate',
      duplicateOf: grown?.id,
    });
    await rm(`${path}.copy.csv`);
    await expectExactly(running.database, [expectedPlain(name, { tag: name, to: 15 })]);
  });

  it('I1 after a version that failed goes on behind the one that was loaded', async () => {
    const zipped = `${path}.gz`;
    const first = gzipSync(plainFile({ tag: name, to: 10 }));
    const second = gzipSync(plainRows({ tag: name, from: 10, to: 20 }));
    writeFileSync(zipped, first);
    const { id } = await settledFile(running.database, `${name}.gz`);
    writeFileSync(zipped, Buffer.concat([first, second.subarray(0, -6)]));
    const [, failed] = await settledVersions(running.database, `${name}.gz`, 2);
    expect(failed).toMatchObject({ status: 'failed', errorCode: 'corrupt_gzip' });
    writeFileSync(zipped, Buffer.concat([first, second]));
    const [, , third] = await settledVersions(running.database, `${name}.gz`, 3);
    expect(third).toMatchObject({ status: 'loaded', read: 10, follows: id });
    await expectExactly(running.database, [expectedPlain(`${name}.gz`, { tag: name, to: 20 })]);
    await rm(zipped);
  });

  it('I1 gives only its new rows where it had come back to earlier bytes, or was a copy of another file', async () => {
    writeFileSync(path, plainFile({ tag: `${name}-a`, to: 10 }));
    const first = await settledFile(running.database, name);
    writeFileSync(path, plainFile({ tag: `${name}-b`, to: 12 }));
    await settledVersions(running.database, name, 2);
    writeFileSync(path, plainFile({ tag: `${name}-a`, to: 10 }));
    await settledVersions(running.database, name, 3);
    await appendFile(path, plainRows({ tag: `${name}-a`, from: 10, to: 15 }));
    const versions = await settledVersions(running.database, name, 4);
    expect(versions[3]).toMatchObject({ status: 'loaded', read: 5, follows: first.id });

    const copy = `${path}.copy.csv`;
    writeFileSync(copy, plainFile({ tag: `${name}-b`, to: 12 }));
    expect(await settledFile(running.database, `${name}.copy.csv`)).toMatchObject({ status: 'duplicate' });
    await appendFile(copy, plainRows({ tag: `${name}-b`, from: 12, to: 14 }));
    const [, grown] = await settledVersions(running.database, `${name}.copy.csv`, 2);
    expect(grown).toMatchObject({ status: 'loaded', read: 2, follows: versions[1]?.id });
    await rm(copy);
    await expectExactly(running.database, [
      expectedPlain(name, { tag: `${name}-a`, to: 15 }, { tag: `${name}-b`, to: 12 }),
      expectedPlain(`${name}.copy.csv`, { tag: `${name}-b`, from: 12, to: 14 }),
    ]);
  });

  it('I1 is not read twice by a retry of an earlier version that had failed', async () => {
    writeFileSync(path, 'no header\n');
    const failed = await settledFile(running.database, name);
    await rm(path);
    writeFileSync(path, plainFile({ tag: name, to: 10 }));
    await settledVersions(running.database, name, 2);
    await appendFile(path, plainRows({ tag: name, from: 10, to: 15 }));
    const retry = await fetch(`${running.url}/ingestion/files/${failed.id}/retry`, { method: 'POST' });
    expect([202, 409]).toContain(retry.status);
    await eventually(async () => {
      const [{ rows } = { rows: 0 }] = await running.database.query<{ rows: number }>(
        'select count(*)::int as rows from user_events',
      );
      expect(rows).toBeGreaterThanOrEqual(15);
    });
    await eventually(async () => {
      const open = await running.database.query(`select 1 from source_files where status in ('queued', 'loading')`);
      expect(open).toEqual([]);
    });
    await expectExactly(running.database, [expectedPlain(name, { tag: name, to: 15 })]);
  });
});

describe('a file with other bytes', () => {
  it('is a new version that names the one it follows, also where it has become shorter', async () => {
    writeFileSync(path, plainFile({ tag: `${name}-a`, to: 30 }));
    const first = await settledFile(running.database, name);
    writeFileSync(path, plainFile({ tag: `${name}-b`, to: 30 }));
    const [, second] = await settledVersions(running.database, name, 2);
    expect(second).toMatchObject({ status: 'loaded', loaded: 30, follows: first.id });
    writeFileSync(`${path}.tmp`, plainFile({ tag: `${name}-c`, to: 5 }));
    await rename(`${path}.tmp`, path);
    const [, , third] = await settledVersions(running.database, name, 3);
    expect(third).toMatchObject({ status: 'loaded', loaded: 5, follows: second?.id });
    const runs = [30, 30, 5].map((to, index) => ({ tag: `${name}-${'abc'[index]}`, to }));
    await expectExactly(running.database, [expectedPlain(name, ...runs)]);
  });

  it('truncated to a part of itself, is read as that part, which is a version of its own', async () => {
    const whole = plainFile({ tag: name, to: 30 });
    writeFileSync(path, whole);
    const first = await settledFile(running.database, name);
    await truncate(path, plainFile({ tag: name, to: 10 }).length);
    const [, second] = await settledVersions(running.database, name, 2);
    expect(second).toMatchObject({ status: 'loaded', loaded: 10, follows: first.id });
    await expectAccounting(running.database);
    await truncate(path, 0);
    const [, , third] = await settledVersions(running.database, name, 3);
    expect(third).toMatchObject({ status: 'failed', errorCode: 'missing_header', read: 0 });
  });
});

describe('the same bytes at the same instant', () => {
  let database: TestDatabase;
  let directory: string;

  beforeEach(async () => {
    database = await createTestDatabase();
    directory = await createTestDirectory();
  });

  afterEach(async () => {
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  });

  it('C11 I1 under 50 names, before two replicas, and by upload: one is loaded, all others name it', async () => {
    const env = { LOADERS: '2', COMMIT_ROWS: '100', RESCAN_MS: '200' };
    const replicas = [
      await startTestService({ database, directory, env }),
      await startTestService({ database, directory, env }),
    ];
    try {
      const content = plainFile({ tag: 'twin', to: 1500, badEvery: 10 });
      const uploads = replicas.flatMap(({ url }) =>
        [1, 2].map((n) => fetch(`${url}/uploads/upload-${n}.csv?wait=20`, { method: 'PUT', body: content })),
      );
      await putFiles(
        directory,
        Array.from({ length: 50 }, (_, n) => ({ name: `twin-${n}.csv`, content })),
      );
      const replies = await Promise.all(uploads);
      const rows = await settledRows(database, 54, 30_000);
      const loaded = rows.filter(({ status }) => status === 'loaded');
      expect(loaded).toMatchObject([{ read: 1500, rejected: 150 }]);
      for (const row of rows.filter((candidate) => candidate !== loaded[0])) {
        expect(row).toMatchObject({ status: 'duplicate', duplicateOf: loaded[0]?.id, read: 0 });
      }
      for (const reply of replies) expect(reply.status).toBe(200);
      await expectExactly(database, [expectedPlain('', { tag: 'twin', to: 1500, badEvery: 10 })], { byName: false });
    } finally {
      for (const replica of replicas) await replica.close();
    }
  });
});
