import { writeFileSync } from 'node:fs';
import { appendFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { emptyTables } from '../../support/empty-tables.ts';
import { eventually } from '../../support/eventually.ts';
import { expectAccounting, expectExactly } from '../../support/exact-load.ts';
import type { ExpectedFile } from '../../support/expected-events.ts';
import { type FileReply, release, revert, upload } from '../../support/file-calls.ts';
import { settledFile, settledRows, settledVersions } from '../../support/ledger.ts';
import { expectedPlain, HEADER, type PlainRows, plainFile, plainRows } from '../../support/plain-events.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { putFiles } from '../../support/put-files.ts';
import { startTestService, type TestService } from '../../support/service.ts';

/** Every tenth row and no more: a file at the limit is loaded. */
const LIMIT = '10';

let running: TestService;
let database: TestDatabase;

beforeAll(async () => {
  const env = { LOADERS: '2', RESCAN_MS: '200', COMMIT_ROWS: '40', MAX_REJECT_PERCENT: LIMIT, AFTER_LOAD: 'archive' };
  running = await startTestService({ env });
  database = running.database;
});

afterAll(() => running.close());

let name: string;
let path: string;
let number = 0;

beforeEach(async () => {
  await emptyTables(database);
  number += 1;
  name = `held-${number}.csv`;
  path = join(running.directory, name);
});

afterEach(async () => {
  // What is held stays in the folder.
  const left = (await readdir(running.directory)).filter((each) => !each.startsWith('.'));
  for (const each of left) await rm(join(running.directory, each));
  await expectAccounting(database);
});

const onlyRejects = (file: ExpectedFile): ExpectedFile => ({ ...file, events: [] });

async function fileOf(fileId: number): Promise<FileReply> {
  return (await (await fetch(`${running.url}/ingestion/files/${fileId}`)).json()) as FileReply;
}

describe('a file with more rejects than MAX_REJECT_PERCENT', () => {
  const rows = (to = 45): PlainRows => ({ tag: name, to, badEvery: 9 });

  it('I2 I3 is held: no row of it is visible, all of its rejects are, and it stays in the folder', async () => {
    // Each COPY of events takes numbers from here, and a rollback gives none back.
    const numbers = `select last_value from pg_sequences where sequencename = 'user_events_event_id_seq'`;
    const before = await database.query(numbers);
    // Long enough for several commits, if there were any.
    writeFileSync(path, plainFile(rows(450)));
    const { id } = await settledFile(database, name);
    const file = await fileOf(id);
    expect(file).toMatchObject({ status: 'held', rowsRead: 50, rowsLoaded: 0, rowsRejected: 50, rowsWithheld: 400 });
    expect(await database.query(numbers)).toEqual(before);
    expect(file).toMatchObject({ sha256: expect.any(String), finishedAt: expect.any(String), bytesCommitted: 0 });
    expect(file.error?.code).toBe('too_many_rejects');
    expect(file.error?.message).toMatch(
      /^50 of 450 rows \(11\.1 %\) are rejected, the limit is 10 %: .*release.*DELETE/s,
    );
    await expectExactly(database, [onlyRejects(expectedPlain(name, rows(450)))]);
    expect(await readdir(running.directory)).toContain(name);
  });

  it('I1 is loaded when it is released, also after several commits, and put away then', async () => {
    writeFileSync(path, plainFile(rows(450)));
    const { id } = await settledFile(database, name);
    const reply = await release(running.url, id);
    expect(reply).toMatchObject({
      status: 202,
      body: { status: 'queued', rowsRejected: 0, rowsWithheld: 0, error: null },
    });
    await eventually(async () => expect(await fileOf(id)).toMatchObject({ status: 'loaded', rowsLoaded: 400 }));
    await expectExactly(database, [expectedPlain(name, rows(450))]);
    await eventually(async () => expect(await readdir(running.directory)).not.toContain(name));
    expect(await release(running.url, id)).toMatchObject({ status: 409, body: { code: 'not_held' } });
    expect(await release(running.url, 4711)).toMatchObject({ status: 404 });
    // And out again.
    expect(await revert(running.url, id)).toMatchObject({ status: 200, body: { rowsWithheld: 400, rowsRejected: 50 } });
  });

  it('I3 is discarded by DELETE, with its rejects as history; the same bytes may come again', async () => {
    writeFileSync(path, plainFile(rows()));
    const { id } = await settledFile(database, name);
    const { body } = await revert(running.url, id);
    expect(body).toMatchObject({ status: 'reverted', rowsWithheld: 40, rowsRejected: 5, rowsRead: 5 });
    expect(await release(running.url, id)).toMatchObject({ status: 409, body: { code: 'not_held' } });
    await expectExactly(database, [onlyRejects(expectedPlain(name, rows()))]);
    const again = await upload(running.url, `again-${name}`, plainFile(rows()), '&maxRejectPercent=100');
    expect(again).toMatchObject({ status: 'loaded', rowsLoaded: 40 });
  });

  it('I3 can not be released where its bytes are gone, and keeps its rejects then', async () => {
    writeFileSync(path, plainFile(rows()));
    const { id, rejected } = await settledFile(database, name);
    await rm(path);
    const { status, body } = await release(running.url, id);
    expect([status, body.code]).toEqual([409, 'file_gone']);
    expect(await settledFile(database, name)).toMatchObject({ status: 'held', rejected });
    expect(await database.query('select 1 from rejected_rows where file_id = $1', [id])).toHaveLength(rejected);
  });

  it('can not be released while its path waits as another version', async () => {
    writeFileSync(path, plainFile(rows()));
    const { id } = await settledFile(database, name);
    await database.query(
      `insert into source_files (name, path, origin, size_bytes, fingerprint, claimed_by, lease_until)
         values ('other.csv', $1, 'cli', 1, 'other', 'somebody else', now() + interval '1 hour')`,
      [path],
    );
    const { status, body } = await release(running.url, id);
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'not_held', detail: expect.stringContaining('as a newer version') });
    expect(await fileOf(id)).toMatchObject({ status: 'held', rowsRejected: 5 });
  });

  it('is counted again where its bytes have changed since it was released', async () => {
    writeFileSync(path, plainFile(rows()));
    const { id } = await settledFile(database, name);
    await database.query(
      `update source_files set status = 'queued', is_released = true, finished_at = null,
      rows_read = 0, rows_rejected = 0, rejects_by_reason = '{}', fingerprint = 'of other bytes' where file_id = $1`,
      [id],
    );
    await database.query('delete from rejected_rows');
    await settledRows(database, 1);
    expect(await fileOf(id)).toMatchObject({ status: 'held', rowsRejected: 5 });
  });

  it('I1 is held packed, too, and as an upload', async () => {
    const packed = await upload(running.url, `${name}.gz`, gzipSync(plainFile(rows(90))));
    expect(packed).toMatchObject({ status: 'held', rowsWithheld: 80 });
    await expectExactly(database, [onlyRejects(expectedPlain(`${name}.gz`, rows(90)))]);
  });

  it('I1 is held by the rows that it appends; what comes next goes on behind what is loaded, not behind what is held', async () => {
    // A service of its own, which leaves the file in the folder.
    const env = { MAX_REJECT_PERCENT: LIMIT, COMMIT_ROWS: '40', RESCAN_MS: '200' };
    const { url, directory, close } = await startTestService({ database, env });
    const good = { tag: name, to: 100 };
    // Three of ten new rows: of the whole file that would be less than the limit.
    const bad = { tag: name, from: 100, to: 110, badEvery: 3 };
    const more = { tag: name, from: 110, to: 190 };
    const whole = expectedPlain('grown.csv', good, bad, more);
    const onlyBad = onlyRejects(expectedPlain('grown.csv', bad));
    const next = async (run: PlainRows, versions: number) => {
      await appendFile(join(directory, 'grown.csv'), versions === 1 ? plainFile(run) : plainRows(run));
      const row = (await settledVersions(database, 'grown.csv', versions)).at(-1);
      if (row === undefined) throw new TypeError('no version');
      return row;
    };
    try {
      const first = await next(good, 1);
      const second = await next(bad, 2);
      expect(second).toMatchObject({ status: 'held', rejected: 3, read: 3, follows: first.id });
      await expectExactly(database, [expectedPlain('grown.csv', good), onlyBad]);
      const third = await next(more, 3);
      expect(third).toMatchObject({ status: 'loaded', read: 90, rejected: 3, follows: first.id });
      await expectExactly(database, [whole, onlyBad]);
      // Its bytes are not there any more, and those that are there are loaded.
      expect(await release(url, second.id)).toMatchObject({ status: 202 });
      await settledVersions(database, 'grown.csv', 3);
      expect(await fileOf(second.id)).toMatchObject({ status: 'duplicate', rowsRejected: 0 });
      await expectExactly(database, [whole]);
    } finally {
      await close();
    }
  });
});

describe('the limit', () => {
  it('counts a share of exactly that much as within it, and a file without rows, too', async () => {
    const exact = await upload(running.url, `exact-${name}`, plainFile({ tag: name, to: 50, badEvery: 10 }));
    expect(exact).toMatchObject({ status: 'loaded', rowsLoaded: 45, rowsRejected: 5 });
    expect(await upload(running.url, `empty-${name}`, HEADER)).toMatchObject({ status: 'loaded', rowsRead: 0 });
  });

  it('of an upload stands above that of the service, in both directions', async () => {
    const dirty = { tag: name, to: 20, badEvery: 2 };
    const free = await upload(running.url, `free-${name}`, plainFile(dirty), '&maxRejectPercent=100');
    expect(free).toMatchObject({ status: 'loaded', maxRejectPercent: 100 });
    const strict = { tag: `${name} strict`, to: 200, badEvery: 200 };
    const held = await upload(running.url, `strict-${name}`, plainFile(strict), '&maxRejectPercent=0.4');
    expect(held).toMatchObject({ status: 'held', maxRejectPercent: 0.4, rowsWithheld: 199 });
    expect(held.error?.message).toContain('1 of 200 rows (0.5 %) are rejected, the limit is 0.4 %');
    const form = new FormData();
    form.set('file', new Blob([plainFile({ ...strict, tag: `${name} form` })]), `form-${name}`);
    const reply = await fetch(`${running.url}/uploads?wait=30&maxRejectPercent=0`, { method: 'POST', body: form });
    expect(await reply.json()).toMatchObject({ files: [{ status: 'held', maxRejectPercent: 0 }] });
    const wrong = await fetch(`${running.url}/uploads/x.csv?maxRejectPercent=101`, { method: 'PUT', body: HEADER });
    expect(await wrong.json()).toMatchObject({
      status: 400,
      detail: 'maxRejectPercent must be a number from 0 to 100',
    });
  });

  it('I1 I2 picks the bad ones out of a portion of small files, and loads the others together', async () => {
    const files = Array.from({ length: 60 }, (_, n) => ({
      name: `${n}-${name}`,
      rows: { tag: `${name} ${n}`, to: 30 + n, ...(n % 6 === 0 ? { badEvery: 3 } : { badEvery: 25 }) },
    }));
    await putFiles(
      running.directory,
      files.map((file) => ({ name: file.name, content: plainFile(file.rows) })),
    );
    const rows = await settledRows(database, files.length);
    expect(
      rows
        .filter(({ status }) => status === 'held')
        .map(({ name: each }) => each)
        .sort(),
    ).toEqual(files.flatMap((file, n) => (n % 6 === 0 ? [file.name] : [])).sort());
    await expectExactly(
      database,
      files.map((file, n) =>
        n % 6 === 0 ? onlyRejects(expectedPlain(file.name, file.rows)) : expectedPlain(file.name, file.rows),
      ),
    );
  });

  it('I2 holds a file that was within it when its first rows were committed, and has grown since', async () => {
    const first = { tag: name, to: 60 };
    await upload(running.url, `other-${name}`, plainFile({ tag: `${name} other`, to: 5 }));
    // As an attempt leaves it behind its first commit, whose file was appended to before the second.
    writeFileSync(path, plainFile(first));
    const { id } = await settledFile(database, name);
    await database.query(
      `update source_files set status = 'queued', finished_at = null, available_at = now() + interval '1 hour' where file_id = $1`,
      [id],
    );
    writeFileSync(path, plainFile(first) + plainRows({ tag: name, from: 60, to: 120, badEvery: 2 }));
    await database.query(`update source_files set available_at = now() where file_id = $1`, [id]);
    const row = await settledFile(database, name);
    expect(row).toMatchObject({ status: 'held', loaded: 0, rejected: 30 });
    expect(await fileOf(id)).toMatchObject({ rowsWithheld: 90 });
  });
});
