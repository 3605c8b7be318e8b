import { writeFileSync } from 'node:fs';
import { appendFile, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { emptyTables } from '../../support/empty-tables.ts';
import { eventually } from '../../support/eventually.ts';
import { expectAccounting, expectExactly } from '../../support/exact-load.ts';
import type { ExpectedFile } from '../../support/expected-events.ts';
import { type FileReply, revert, upload } from '../../support/file-calls.ts';
import { HeldLoads } from '../../support/held-loads.ts';
import { HeldRemoval, untilRemovalIsHeld } from '../../support/held-removal.ts';
import { expectNothingLeaked } from '../../support/leaks.ts';
import { ledgerRows, settledFile, settledRows, settledVersions } from '../../support/ledger.ts';
import { expectedPlain, type PlainRows, plainFile, plainRows } from '../../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { createTestDirectory, startTestService, type TestService } from '../../support/service.ts';

let running: TestService;
let database: TestDatabase;

beforeAll(async () => {
  running = await startTestService({ env: { LOADERS: '2', RESCAN_MS: '200', COMMIT_ROWS: '40' } });
  database = running.database;
});

afterAll(() => running.close());

beforeEach(() => emptyTables(database));

let name: string;
let path: string;
let number = 0;

beforeEach(() => {
  number += 1;
  name = `undo-${number}.csv`;
  path = join(running.directory, name);
});

afterEach(async () => {
  await rm(path, { force: true });
  await expectAccounting(database);
});

/** What stays of a file whose rows were taken out. */
const onlyRejects = (file: ExpectedFile): ExpectedFile => ({ ...file, events: [] });

async function loaded(rows: PlainRows): Promise<number> {
  writeFileSync(path, plainFile(rows));
  return (await settledFile(database, name)).id;
}

async function reverted(fileId: number): Promise<FileReply> {
  const { status, body } = await revert(running.url, fileId);
  expect(status, body.detail).toBe(200);
  expect(body).toMatchObject({ fileId, status: 'reverted', rowsLoaded: 0, rowsRead: body.rowsRejected });
  return body;
}

describe('undo', () => {
  it('I1 I2 takes exactly the rows of the file out, in views and totals at once, and keeps its rejects', async () => {
    const other = { tag: `${name} other`, to: 70, badEvery: 9 };
    await upload(running.url, `other-${name}`, plainFile(other));
    const rows = { tag: name, to: 130, badEvery: 10 };
    const id = await loaded(rows);

    const file = await reverted(id);
    expect(file).toMatchObject({ rowsWithheld: 117, rowsRejected: 13, rowsRead: 13, bytesCommitted: 0, error: null });
    expect(file).toMatchObject({ revertedAt: expect.any(String), finishedAt: expect.any(String) });
    await expectExactly(database, [onlyRejects(expectedPlain(name, rows)), expectedPlain(`other-${name}`, other)]);
    const stats = await (await fetch(`${running.url}/ingestion/stats`)).json();
    expect(stats).toMatchObject({ files: { loaded: 1, reverted: 1 }, rows: { loaded: 63, rejected: 20, read: 83 } });
    const [shown] = await database.query('select sum(total_events)::int as rows from user_activity_summary');
    expect(shown).toEqual({ rows: 63 });
    await rm(join(running.directory, `other-${name}`));
    await expectNothingLeaked({ database, directory: running.directory });
  });

  it('is refused for files of which there is nothing to take out, and for a second time', async () => {
    const failed = await upload(running.url, 'failed.csv', 'a,b\n');
    expect(await revert(running.url, failed.fileId)).toMatchObject({ status: 409, body: { code: 'not_loaded' } });
    expect(await revert(running.url, 4711)).toMatchObject({ status: 404, body: { code: 'file_not_found' } });
    const id = await loaded({ tag: name, to: 5 });
    await reverted(id);
    const again = await revert(running.url, id);
    expect(again).toMatchObject({ status: 409, body: { code: 'not_loaded' } });
    expect(again.body.detail).toContain('is reverted');
    const retry = await fetch(`${running.url}/ingestion/files/${id}/retry`, { method: 'POST' });
    expect(await retry.json()).toMatchObject({ status: 409, code: 'not_failed' });
  });

  it('I1 by two at once is done by one of them; a third file has to wait for a place', async () => {
    const ids = [await loaded({ tag: name, to: 50 })];
    for (const other of [1, 2]) {
      ids.push((await upload(running.url, `${other}-${name}`, plainFile({ tag: `${name} ${other}`, to: 20 }))).fileId);
    }
    const [first = 0, second = 0, third = 0] = ids;
    const holds = [await HeldRemoval.of(database, first), await HeldRemoval.of(database, second)];
    const removals = [revert(running.url, first), revert(running.url, second)];
    await untilRemovalIsHeld(database, 2);
    expect(await revert(running.url, first)).toMatchObject({ status: 409, body: { code: 'not_loaded' } });
    const refused = await revert(running.url, third);
    expect(refused).toMatchObject({ status: 503, body: { code: 'busy' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    await Promise.all(holds.map((hold) => hold.release()));
    expect((await Promise.all(removals)).map(({ status }) => status)).toEqual([200, 200]);
    await expectExactly(database, [expectedPlain(`2-${name}`, { tag: `${name} 2`, to: 20 })]);
    for (const other of [1, 2]) await rm(join(running.directory, `${other}-${name}`));
  });

  it('goes on when its client hangs up, and tells its end as an event', async () => {
    const id = await loaded({ tag: name, to: 30 });
    const hold = await HeldRemoval.of(database, id);
    const events = new AbortController();
    const stream = await fetch(`${running.url}/ingestion/events`, { signal: events.signal });
    const client = new AbortController();
    const given = fetch(`${running.url}/ingestion/files/${id}`, { method: 'DELETE', signal: client.signal });
    given.catch(() => {});
    await hold.untilHeld();
    client.abort();
    await hold.release();
    let told = '';
    for await (const text of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      told += text;
      if (told.includes('"status":"reverted"')) break;
    }
    events.abort();
    await expectExactly(database, []);
  });

  it('opens the rejects again that the file had brought back corrected', async () => {
    const dirty = await loaded({ tag: name, to: 20, badEvery: 4 });
    const correction = await upload(running.url, `c-${name}`, plainFile({ tag: `${name} corrected`, to: 3 }));
    const other = await upload(running.url, `d-${name}`, plainFile({ tag: `${name} other`, to: 3 }));
    await database.query('insert into corrected_rejects values ($1, 5, $2), ($1, 9, $2), ($1, 13, $3), ($2, 2, $3)', [
      dirty,
      correction.fileId,
      other.fileId,
    ]);
    await database.query('update source_files set rows_corrected = 3 where file_id = $1', [dirty]);
    await reverted(correction.fileId);
    const left = 'select file_id::int, line_number::int, corrected_by::int from corrected_rejects order by 1, 2';
    expect(await database.query(left)).toEqual([
      { file_id: dirty, line_number: 13, corrected_by: other.fileId },
      { file_id: correction.fileId, line_number: 2, corrected_by: other.fileId },
    ]);
    const shown = await (await fetch(`${running.url}/ingestion/files/${dirty}`)).json();
    expect(shown).toMatchObject({ status: 'loaded', rowsCorrected: 1 });
    for (const each of ['c', 'd']) await rm(join(running.directory, `${each}-${name}`));
  });
});

describe('what was taken out', () => {
  it('I1 is not loaded again by scans, nor is a duplicate of it, also when the service starts anew', async () => {
    const place = { database: await createTestDatabase(), directory: await createTestDirectory() };
    const rows = { tag: name, to: 60, badEvery: 7 };
    const put = (file: string, content: string) => writeFile(join(place.directory, file), content);
    try {
      for (const [start, mark] of ['first', 'second', 'third'].entries()) {
        // A scan registers what it finds together: when the mark is loaded, the others have been looked at.
        await put(`${mark}.csv`, plainFile({ tag: mark, to: 1 }));
        const service = await startTestService({ ...place, env: { RESCAN_MS: '100' } });
        try {
          await settledFile(place.database, `${mark}.csv`);
          if (start === 0) {
            await put('wrong.csv', plainFile(rows));
            const { id } = await settledFile(place.database, 'wrong.csv');
            await put('copy.csv', plainFile(rows));
            await settledFile(place.database, 'copy.csv');
            expect((await revert(service.url, id)).status).toBe(200);
          }
        } finally {
          await service.close();
        }
      }
      expect((await settledRows(place.database, 5)).map(({ name: each, status }) => [each, status])).toEqual([
        ['first.csv', 'loaded'],
        ['wrong.csv', 'reverted'],
        ['copy.csv', 'duplicate'],
        ['second.csv', 'loaded'],
        ['third.csv', 'loaded'],
      ]);
      await expectExactly(place.database, [
        onlyRejects(expectedPlain('wrong.csv', rows)),
        ...['first', 'second', 'third'].map((tag) => expectedPlain(`${tag}.csv`, { tag, to: 1 })),
      ]);
    } finally {
      await place.database.drop();
      await rm(place.directory, { recursive: true, force: true });
    }
  });

  it('I1 is loaded again where it is touched, and under another name, once in all', async () => {
    const rows = { tag: name, to: 90 };
    const id = await loaded(rows);
    await reverted(id);
    await utimes(path, new Date(), new Date(Date.now() - 60_000));
    const [, second] = await settledVersions(database, name, 2);
    expect(second).toMatchObject({ status: 'loaded', loaded: 90 });
    await expectExactly(database, [expectedPlain(name, rows)]);

    await reverted(second?.id ?? 0);
    const copies = await Promise.all([1, 2, 3].map((n) => upload(running.url, `${n}-${name}`, plainFile(rows))));
    expect(copies.map(({ status }) => status).sort()).toEqual(['duplicate', 'duplicate', 'loaded']);
    await expectExactly(database, [expectedPlain(name, rows)], { byName: false });
    for (const n of [1, 2, 3]) await rm(join(running.directory, `${n}-${name}`));
  });

  it('I1 and has come back under another name: where the first one grows, its new rows are loaded only', async () => {
    const rows = { tag: name, to: 50 };
    await reverted(await loaded(rows));
    const back = await upload(running.url, `back-${name}`, plainFile(rows));
    await appendFile(path, plainRows({ tag: name, from: 50, to: 60 }));
    const [, grown] = await settledVersions(database, name, 2);
    expect(grown).toMatchObject({ status: 'loaded', read: 10, follows: back.fileId });
    await expectExactly(database, [expectedPlain(name, { tag: name, to: 60 })], { byName: false });
    await rm(join(running.directory, `back-${name}`));
  });

  it('I1 leaves its duplicates as they are, and one that grows is loaded whole', async () => {
    const rows = { tag: name, to: 50 };
    const id = await loaded(rows);
    const copy = join(running.directory, `copy-${name}`);
    writeFileSync(copy, plainFile(rows));
    expect(await settledFile(database, `copy-${name}`)).toMatchObject({ status: 'duplicate', duplicateOf: id });
    await reverted(id);
    await expectExactly(database, []);
    // Grown, it has nothing to go on from: all of it is loaded.
    await appendFile(copy, plainRows({ tag: name, from: 50, to: 60 }));
    const [, grown] = await settledVersions(database, `copy-${name}`, 2);
    expect(grown).toMatchObject({ status: 'loaded', loaded: 60 });
    await expectExactly(database, [expectedPlain(`copy-${name}`, { tag: name, to: 60 })]);
    await rm(copy);
  });

  it.each([
    ['the last version', 1, 50],
    ['the first version', 0, 20],
    ['both versions', undefined, 70],
  ])('I1 of %s of a file that grows comes back only with what nobody holds', async (_, which, read) => {
    await loaded({ tag: name, to: 50 });
    await appendFile(path, plainRows({ tag: name, from: 50, to: 80 }));
    const ids = (await settledVersions(database, name, 2)).map(({ id }) => id);
    for (const [version, id] of ids.entries()) if (which === undefined || which === version) await reverted(id);
    await appendFile(path, plainRows({ tag: name, from: 80, to: 100 }));
    const third = (await settledVersions(database, name, 3)).at(-1);
    expect(third).toMatchObject({ status: 'loaded', read: which === undefined ? 100 : read });
    await expectExactly(database, [
      expectedPlain(name, which === 0 ? { tag: name, from: 50, to: 100 } : { tag: name, to: 100 }),
    ]);
  });

  it('I1 keeps no row of a line that a later version has taken back', async () => {
    const whole = plainFile({ tag: name, to: 30 });
    const cut = whole.length - 12;
    writeFileSync(path, whole.slice(0, cut));
    const { id } = await settledFile(database, name);
    writeFileSync(path, whole);
    const [, second] = await settledVersions(database, name, 2);
    expect(second).toMatchObject({ status: 'loaded', read: 1 });
    expect(await reverted(id)).toMatchObject({ rowsWithheld: 29 });
    await expectExactly(database, [expectedPlain(name, { tag: name, from: 29, to: 30 })]);
    await reverted(second?.id ?? 0);
    await expectExactly(database, []);
  });
});

describe('undo while loaders load', () => {
  it('I1 the version that a grown file is continuing: the grown file is loaded from its first row', async () => {
    const id = await loaded({ tag: name, to: 50 });
    const hold = await HeldLoads.hold(database);
    await appendFile(path, plainRows({ tag: name, from: 50, to: 80 }));
    await hold.untilHeld();
    const undo = revert(running.url, id);
    await untilRemovalIsHeld(database);
    await hold.release();
    expect((await undo).status).toBe(200);
    const [, second] = await settledVersions(database, name, 2);
    expect(second).toMatchObject({ status: 'loaded', read: 80, follows: null });
    await expectExactly(database, [expectedPlain(name, { tag: name, to: 80 })]);
  });

  it('I1 the same where the undo is under way when the grown file is found', async () => {
    const id = await loaded({ tag: name, to: 50 });
    const hold = await HeldRemoval.of(database, id);
    const undo = revert(running.url, id);
    await hold.untilHeld();
    await appendFile(path, plainRows({ tag: name, from: 50, to: 80 }));
    await eventually(async () => expect((await ledgerRows(database)).at(-1)).toMatchObject({ read: 0, attempts: 2 }));
    await hold.release();
    expect((await undo).status).toBe(200);
    const [, second] = await settledVersions(database, name, 2);
    expect(second).toMatchObject({ status: 'loaded', read: 80, follows: null });
    await expectExactly(database, [expectedPlain(name, { tag: name, to: 80 })]);
  });

  it('I1 and the same bytes come again: they are loaded, once, when the undo is done', async () => {
    const rows = { tag: name, to: 50 };
    const id = await loaded(rows);
    const hold = await HeldRemoval.of(database, id);
    const undo = revert(running.url, id);
    await hold.untilHeld();
    const again = [1, 2].map((n) => upload(running.url, `${n}-${name}`, plainFile(rows)));
    await eventually(async () => {
      const waiting = (await ledgerRows(database)).filter(({ attempts }) => attempts > 1);
      expect(waiting.map(({ status }) => status)).not.toContain('duplicate');
      expect(waiting).toHaveLength(2);
    });
    await hold.release();
    expect((await undo).status).toBe(200);
    expect((await Promise.all(again)).map(({ status }) => status).sort()).toEqual(['duplicate', 'loaded']);
    await expectExactly(database, [expectedPlain(name, rows)], { byName: false });
    for (const n of [1, 2]) await rm(join(running.directory, `${n}-${name}`));
  });

  it('I1 I2 in every snapshot, files by the dozen, each taken out once while others and its copies load', async () => {
    const files = Array.from({ length: 12 }, (_, n) => ({
      name: `${n}-${name}`,
      rows: { tag: `${name} ${n}`, to: 60 + 25 * n, badEvery: 11 },
    }));
    const watched = watchAccounting();
    await Promise.all(
      files.map(async (file, n) => {
        const first = await upload(running.url, file.name, plainFile(file.rows));
        expect(first.status).toBe('loaded');
        // Every third stays, every third comes again at once, and the others are gone.
        if (n % 3 === 0) return;
        const again = n % 3 === 1 ? upload(running.url, `again-${file.name}`, plainFile(file.rows)) : undefined;
        await eventually(async () => expect((await revert(running.url, first.fileId)).status).toBe(200));
        const second = await again;
        if (second?.status === 'duplicate') {
          const third = await upload(running.url, `third-${file.name}`, plainFile(file.rows));
          expect(third.status).toBe('loaded');
        }
      }),
    );
    await watched.stop();
    const left = files.map(({ name: each, rows }, n) =>
      n % 3 === 2 ? onlyRejects(expectedPlain(each, rows)) : expectedPlain(each, rows),
    );
    // What came again has brought its rejects a second time: they are history of another file.
    const twice = files
      .filter((_, n) => n % 3 === 1)
      .map(({ name: each, rows }) => onlyRejects(expectedPlain(each, rows)));
    await expectExactly(database, [...left, ...twice], { byName: false });
    expect(watched.looks).toBeGreaterThan(3);
    expect((await readFile(join(running.directory, files[0]?.name ?? ''))).length).toBeGreaterThan(0);
    for (const { name: each } of files) {
      for (const prefix of ['', 'again-', 'third-']) await rm(join(running.directory, prefix + each), { force: true });
    }
  });
});

/** Looks again and again whether the ledger counts what the tables hold, until it is stopped. */
function watchAccounting() {
  const watch = { looks: 0, stop: async () => {} };
  let isStopped = false;
  const looking = (async () => {
    while (!isStopped) {
      await expectAccounting(database);
      watch.looks += 1;
    }
  })();
  looking.catch(() => {});
  watch.stop = async () => {
    isStopped = true;
    await looking;
  };
  return watch;
}
