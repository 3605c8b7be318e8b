import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeEventFile } from '../../../src/generator/write-event-file.ts';
import { settledFile, settledVersions } from '../../support/ledger.ts';
import { HEADER, plainFile } from '../../support/plain-events.ts';
import { startTestService, type TestService } from '../../support/service.ts';

let service: TestService;

beforeAll(async () => {
  service = await startTestService();
});
afterAll(async () => await service.close());

const get = (path: string) => request(service.url).get(path);

async function load(name: string, content: string) {
  const reply = await request(service.url).put(`/uploads/${name}?wait=30`).send(Buffer.from(content)).expect(200);
  return reply.body.files[0];
}

/** Follows `nextCursor` from page to page, as a client does. */
async function walk(path: string, limit: number) {
  const rows: { fileId: number; lineNumber: number }[] = [];
  const sizes: number[] = [];
  let cursor: string | null = null;
  do {
    const page = await get(path).query(cursor === null ? { limit } : { limit, cursor });
    expect(page.status).toBe(200);
    rows.push(...page.body.data);
    sizes.push(page.body.data.length);
    cursor = page.body.nextCursor;
  } while (cursor !== null);
  return { rows, sizes };
}

describe('GET /ingestion/files', () => {
  test('lists what was watched and uploaded, newest first', async () => {
    writeFileSync(join(service.directory, 'watched.csv'), plainFile({ tag: 'watched', to: 2 }));
    await settledFile(service.database, 'watched.csv');
    await load('uploaded.csv', plainFile({ tag: 'uploaded', to: 2 }));

    const { body } = await get('/ingestion/files').expect(200);
    expect(body.nextCursor).toBeNull();
    expect(body.data.slice(0, 2)).toMatchObject([
      { name: 'uploaded.csv', origin: 'upload' },
      { name: 'watched.csv', origin: 'directory' },
    ]);
  });

  test('finds names by a part of them, in letters of any case, together with status and cursor', async () => {
    const names = ['Find-100%_a.csv', 'find-100%_b.csv', 'FIND-100%_ß.csv', 'find-1000_d.csv'];
    for (const name of names.slice(0, 3)) await load(encodeURIComponent(name), plainFile({ tag: name, to: 2 }));
    await load('find-1000_d.csv', 'no,such,columns\n');
    const namesOf = (files: readonly unknown[]) => files.map((file) => Object(file).name);
    const find = (query: object) => get('/ingestion/files').query(query).expect(200);

    expect(namesOf((await find({ search: 'IND-100' })).body.data)).toEqual(names.toReversed());
    expect(namesOf((await find({ search: '100%_' })).body.data)).toEqual(names.slice(0, 3).toReversed());
    expect((await find({ search: 'find_1' })).body.data).toEqual([]);
    expect((await find({ search: 'find-%' })).body.data).toEqual([]);
    expect((await find({ search: 'find\\-' })).body.data).toEqual([]);
    const failed = await find({ search: 'find-', status: 'failed' });
    expect(namesOf(failed.body.data)).toEqual(['find-1000_d.csv']);
    const { rows, sizes } = await walk('/ingestion/files?search=find-100', 3);
    expect(namesOf(rows)).toEqual(names.toReversed());
    expect(sizes).toEqual([3, 1]);
    expect(namesOf((await find({ search: '' })).body.data).length).toBeGreaterThan(4);
  });

  test('filters by exact name and by status; an empty filter is none', async () => {
    const failed = await load('filtered.csv', 'no,such,columns\n');
    const all = await get('/ingestion/files').expect(200);

    const byName = await get('/ingestion/files').query({ name: 'filtered.csv' }).expect(200);
    expect(byName.body.data).toEqual([failed]);
    const byStatus = await get('/ingestion/files').query({ status: 'failed' }).expect(200);
    expect(byStatus.body.data).toContainEqual(failed);
    expect(byStatus.body.data.every((file: { status: string }) => file.status === 'failed')).toBe(true);
    const both = await get('/ingestion/files').query({ status: 'loaded', name: 'filtered.csv' }).expect(200);
    expect(both.body).toEqual({ data: [], nextCursor: null });
    const none = await get('/ingestion/files?status=&name=').expect(200);
    expect(none.body.data).toHaveLength(all.body.data.length);
  });

  test.each([1, 7, 25, 26, 1000])('pages of %i walk through every file exactly once', async (limit) => {
    await service.database.query(
      `insert into source_files (name, path, origin, status, size_bytes, fingerprint)
       select 'paged.csv', '/paged/' || $1 || '/' || n, 'directory', 'failed', n, n::text from generate_series(1, 25) n`,
      [limit],
    );
    const { rows, sizes } = await walk(`/ingestion/files?status=failed`, limit);
    const ids = rows.map(({ fileId }) => fileId);
    const expected = await service.database.query<{ id: number }>(
      "select file_id::int as id from source_files where status = 'failed' order by file_id desc",
    );
    expect(ids).toEqual(expected.map(({ id }) => id));
    expect(sizes.slice(0, -1).every((size) => size === limit)).toBe(true);
    await service.database.query("delete from source_files where name = 'paged.csv'");
  });

  test('a file that arrives between two pages moves nothing', async () => {
    await load('between-1.csv', plainFile({ tag: 'between 1', to: 1 }));
    await load('between-2.csv', plainFile({ tag: 'between 2', to: 1 }));
    const first = await get('/ingestion/files?limit=1').expect(200);
    await load('between-3.csv', plainFile({ tag: 'between 3', to: 1 }));
    const second = await get('/ingestion/files').query({ limit: 1, cursor: first.body.nextCursor }).expect(200);
    expect(second.body.data).toMatchObject([{ name: 'between-1.csv' }]);
  });

  test('without limit a page has at most 100 files', async () => {
    await service.database.query(
      `insert into source_files (name, path, origin, status, size_bytes, fingerprint)
       select 'many.csv', '/many/' || n, 'directory', 'failed', n, n::text from generate_series(1, 101) n`,
    );
    const { body } = await get('/ingestion/files?name=many.csv').expect(200);
    expect(body.data).toHaveLength(100);
    expect(body.nextCursor).toEqual(expect.any(String));
    await service.database.query("delete from source_files where name = 'many.csv'");
  });
});

describe('GET /ingestion/files/{fileId}', () => {
  test('is the File that the upload was answered with', async () => {
    const file = await load('one.csv', plainFile({ tag: 'one', to: 3 }));
    expect((await get(`/ingestion/files/${file.fileId}`).expect(200)).body).toEqual(file);
  });

  test('names the columns that it ignored', async () => {
    const [header, row] = plainFile({ tag: 'extra', to: 1 }).trimEnd().split('\n');
    const file = await load('extra.csv', `${header},coupon,Shop\n${row},X1,Bonn\n`);
    expect(file).toMatchObject({ status: 'loaded', rowsLoaded: 1, ignoredColumns: ['coupon', 'Shop'] });
  });

  test('a changed version names the one that it follows', async () => {
    const path = join(service.directory, 'version.csv');
    writeFileSync(path, plainFile({ tag: 'version 1', to: 2 }));
    const [first] = await settledVersions(service.database, 'version.csv', 1);
    writeFileSync(path, plainFile({ tag: 'version 2', to: 3 }));
    const [, second] = await settledVersions(service.database, 'version.csv', 2);
    const { body } = await get(`/ingestion/files/${second?.id}`).expect(200);
    expect(body).toMatchObject({ status: 'loaded', rowsLoaded: 3, follows: first?.id, duplicateOf: null });
  });

  test('a header with no rows is loaded with 0 rows', async () => {
    expect(await load('header-only.csv', HEADER)).toMatchObject({ status: 'loaded', rowsRead: 0, error: null });
  });

  test('an unknown id is 404', async () => {
    const { body } = await get('/ingestion/files/123456789').expect(404);
    expect(body).toMatchObject({ type: 'about:blank', title: 'Not Found', status: 404, code: 'file_not_found' });
  });
});

describe('GET /ingestion/files/{fileId}/rejects', () => {
  test('has every bad row of a generated file with its line, reason, column and text', async () => {
    const path = join(service.directory, 'dirty.csv');
    const written = await writeEventFile(path, {
      rows: 400,
      dirty: 0.3,
      seed: 'rejects over http',
      collectRejects: true,
    });
    const { id } = await settledFile(service.database, 'dirty.csv');

    const file = (await get(`/ingestion/files/${id}`).expect(200)).body;
    expect(file).toMatchObject({
      rowsRead: 400,
      rowsLoaded: written.expectedLoaded,
      rowsRejected: written.expectedRejected,
      rejectsByReason: written.expectedRejectsByReason,
    });
    const { rows, sizes } = await walk(`/ingestion/files/${id}/rejects`, 7);
    expect(sizes.length).toBe(Math.ceil(written.expectedRejected / 7));
    expect(rows).toMatchObject(
      written.expectedRejects.map(({ lineNumber, reason, column }) => ({ fileId: id, lineNumber, reason, column })),
    );
    expect(new Set(rows.map(({ lineNumber }) => lineNumber)).size).toBe(written.expectedRejected);
  });

  test('a Reject to the letter', async () => {
    const row = 'u1,view,2024-02-30,p1,"Lamp, red",12.50,s1';
    const { fileId } = await load('letter.csv', `${HEADER}${row}\n`);
    const { body } = await get(`/ingestion/files/${fileId}/rejects`).expect(200);
    expect(body).toEqual({
      data: [
        {
          fileId,
          lineNumber: 2,
          reason: 'invalid_timestamp',
          column: 'event_timestamp',
          message: expect.stringContaining('2024-02-30'),
          raw: row,
          rawTruncated: false,
          rawSpan: { start: 8, end: 18 },
          correctedBy: null,
        },
      ],
      nextCursor: null,
    });
  });

  test('a fault of structure has no column; a long row is cut to 4 KiB and says so', async () => {
    const long = `u1,view,${'x'.repeat(10_000)}`;
    const { fileId } = await load('structure.csv', `${HEADER}${long}\n`);
    const { body } = await get(`/ingestion/files/${fileId}/rejects`).expect(200);
    expect(body.data).toMatchObject([{ reason: 'column_count_mismatch', column: null, rawTruncated: true }]);
    expect(Buffer.byteLength(body.data[0].raw)).toBeLessThanOrEqual(4096);
    expect(long.startsWith(body.data[0].raw.slice(0, 4000))).toBe(true);
  });

  test('a file without bad rows has an empty list; an unknown one is 404', async () => {
    const { fileId } = await load('clean.csv', plainFile({ tag: 'clean', to: 2 }));
    expect((await get(`/ingestion/files/${fileId}/rejects`).expect(200)).body).toEqual({ data: [], nextCursor: null });
    expect((await get('/ingestion/files/123456789/rejects').expect(404)).body).toMatchObject({
      code: 'file_not_found',
    });
  });
});

describe('POST /ingestion/files/{fileId}/retry', () => {
  const retry = (fileId: number | string) => request(service.url).post(`/ingestion/files/${fileId}/retry`);

  test('sends a failed file through again, which then loads where its cause is gone', async () => {
    const path = join(service.directory, 'mended.csv');
    writeFileSync(path, 'no,such,columns\n');
    const { id } = await settledFile(service.database, 'mended.csv');
    const content = plainFile({ tag: 'mended', to: 4 });
    writeFileSync(path, content);
    // The watcher sees the new bytes as a new version; the retry is of the failed one.
    await settledVersions(service.database, 'mended.csv', 2);
    const { body } = await retry(id).expect(202);
    expect(body).toMatchObject({ fileId: id, status: 'queued', error: null, startedAt: null, finishedAt: null });
    const [first] = await settledVersions(service.database, 'mended.csv', 2);
    expect(first).toMatchObject({ id, status: 'duplicate', errorCode: null });
  });

  test('a file that fails again says so again', async () => {
    const file = await load('still-bad.csv', 'still,bad\n');
    await retry(file.fileId).expect(202);
    expect(await settledFile(service.database, 'still-bad.csv')).toMatchObject({
      status: 'failed',
      errorCode: 'missing_columns',
    });
  });

  test.each([
    'application/json',
    'application/x-www-form-urlencoded',
    'text/plain',
  ])('needs no body, and a client that announces %s all the same is served', async (type) => {
    const file = await load(`typed-${type.length}.csv`, `nothing of ${type}\n`);
    await retry(file.fileId).set('content-type', type).expect(202);
  });

  test('is 409 for a file that is not failed, and changes nothing', async () => {
    const file = await load('fine.csv', plainFile({ tag: 'fine', to: 2 }));
    const { body } = await retry(file.fileId).expect(409);
    expect(body).toMatchObject({ status: 409, code: 'not_failed', detail: expect.stringContaining('loaded') });
    expect((await get(`/ingestion/files/${file.fileId}`)).body).toEqual(file);
  });

  test('is 409 while the path waits as another version', async () => {
    const insert = (status: string, n: number) =>
      service.database.query<{ id: number }>(
        `insert into source_files (name, path, origin, status, size_bytes, fingerprint, available_at)
         values ('rival.csv', '/rival.csv', 'directory', $1, 1, $2, now() + interval '1 hour') returning file_id::int as id`,
        [status, String(n)],
      );
    const [failed] = await insert('failed', 1);
    await insert('queued', 2);
    expect((await retry(failed?.id ?? 0).expect(409)).body).toMatchObject({ code: 'not_failed' });
    await service.database.query("delete from source_files where name = 'rival.csv'");
  });

  test('is 404 for a file that there is not', async () => {
    expect((await retry(123456789).expect(404)).body).toMatchObject({ code: 'file_not_found' });
  });
});

describe('what is asked wrongly is 400 with a code that does not change', () => {
  test.each([
    '/ingestion/files?limit=0',
    '/ingestion/files?limit=1001',
    '/ingestion/files?limit=-1',
    '/ingestion/files?limit=ten',
    '/ingestion/files?limit=1.5',
    '/ingestion/files?limit=',
    '/ingestion/files?limit=1&limit=2',
    '/ingestion/files?limit=1e999',
    '/ingestion/files?status=done',
    '/ingestion/files?status=LOADED',
    '/ingestion/files?search=%00',
    `/ingestion/files?search=${'x'.repeat(256)}`,
    '/ingestion/files?search=a&search=b',
    '/ingestion/files?name=%00',
    `/ingestion/files?name=${'x'.repeat(256)}`,
    `/ingestion/files?cursor=${'x'.repeat(501)}`,
    '/ingestion/files/abc',
    '/ingestion/files/0',
    '/ingestion/files/-1',
    '/ingestion/files/1.5',
    '/ingestion/files/9007199254740993',
    '/ingestion/files/99999999999999999999',
    '/ingestion/files/1e999',
    '/ingestion/files/1%3B%20drop%20table%20source_files',
    '/ingestion/files/abc/rejects',
    '/ingestion/files/1/rejects?limit=0',
  ])('%s', async (path) => {
    const { status, headers, body } = await get(path);
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_request' });
    expect(headers['content-type']).toMatch(/^application\/problem\+json\b/);
    expect(body).toMatchObject({ type: 'about:blank', title: 'Bad Request', status: 400, detail: expect.any(String) });
  });

  test.each([
    [
      '/ingestion/files?status=lodaed',
      'status must be one of queued, loading, loaded, failed, duplicate, held, reverted',
    ],
    ['/ingestion/files?limit=x', 'limit must be a whole number from 1 to 1000'],
    ['/ingestion/files?limit=1001', 'limit must be a whole number from 1 to 1000'],
    ['/ingestion/files?name=a.csv&name=b.csv', 'name must be given once'],
    ['/ingestion/files?name=%00', 'name must be text of at most 255 characters, none of them NUL'],
    ['/ingestion/files/abc', 'fileId must be a whole number from 1 to 9007199254740991'],
    ['/analytics/purchases?from=2024-02-30', 'from must be a date that exists, written as YYYY-MM-DD'],
  ])('%s: %s', async (path, detail) => {
    expect((await get(path).expect(400)).body).toMatchObject({ code: 'invalid_request', detail });
  });

  test('a mistyped filter, which would list everything, is refused with the names that there are', async () => {
    const { body } = await get('/ingestion/files?stauts=failed&limit=1').expect(400);
    expect(body).toMatchObject({
      code: 'invalid_request',
      detail: 'there is no parameter stauts here; there are: limit, cursor, status, name, search',
    });
  });

  const forged = (key: unknown) => Buffer.from(JSON.stringify(key)).toString('base64url');
  test.each([
    ['empty', ''],
    ['not base64', '!!!'],
    ['not JSON', Buffer.from('{').toString('base64url')],
    ['of another list', forged(['2024-01-01'])],
    ['too long', forged([1, 2])],
    ['an object', forged({ 0: 1, length: 1 })],
    ['no whole number', forged([1.5])],
    ['beyond what is exact', forged([2 ** 53])],
    ['SQL', forged(["1'; drop table source_files; --"])],
  ])('a cursor that is %s', async (_, cursor) => {
    for (const path of ['/ingestion/files', '/ingestion/files/1/rejects']) {
      const { status, body } = await get(path).query({ cursor });
      expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_cursor' });
    }
  });
});
