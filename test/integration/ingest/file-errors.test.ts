import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { appendFile, readdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { emptyTables } from '../../support/empty-tables.ts';
import { expectExactly } from '../../support/exact-load.ts';
import { settledFile, settledRows, settledVersions } from '../../support/ledger.ts';
import { expectedPlain, HEADER, plainFile } from '../../support/plain-events.ts';
import { startTestService, type TestService } from '../../support/service.ts';

let running: TestService;

beforeAll(async () => {
  // Commits so small that a fault at the end of a file comes long after the first of them.
  running = await startTestService({ env: { COMMIT_ROWS: '100', RESCAN_MS: '1000' } });
});

afterAll(() => running.close());

// One service for all of them, on a clean slate for each.
beforeEach(async () => {
  for (const left of await readdir(running.directory)) await rm(pathOf(left), { recursive: true });
  await emptyTables(running.database);
});

const pathOf = (name: string) => join(running.directory, name);
const packed = gzipSync(plainFile({ tag: 'packed', to: 3000 }));
const withWrongCrc = Buffer.from(packed);
withWrongCrc.writeUInt8(withWrongCrc.readUInt8(packed.length - 8) ^ 1, packed.length - 8);
const damagedInside = Buffer.from(packed);
damagedInside.fill(0xff, packed.length - 2000, packed.length - 1000);
const row = 'u1,view,2024-01-15,p1,Mug,1.00,s1\n';

describe('a file in which no row can be told fails as a whole, with nothing of it loaded:', () => {
  it.each<[string, string, string | Buffer, RegExp]>([
    ['missing_header', 'no bytes', '', /./],
    ['missing_header', 'a byte order mark only', '\uFEFF', /./],
    ['missing_header', 'blank lines only', '\n  \n\r\n', /./],
    [
      'missing_columns',
      'two columns gone',
      HEADER.replace('user_id,', '').replace('session_id', 'x') + row,
      /user_id.*session_id/,
    ],
    ['missing_columns', 'no header at all', row, /user_id/],
    ['duplicate_columns', 'a column twice, in other letters', HEADER.trimEnd().concat(', USER_ID \n', row), /user_id/i],
    ['unsupported_encoding', 'UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x75, 0, 0, 0]), /UTF-32/],
  ])('D2 D5 D6 I3 %s: %s', expectFailure);

  it.each<[string, string, string | Buffer, RegExp]>([
    ['corrupt_gzip', 'cut off in the middle', packed.subarray(0, packed.length - 5000), /too early|cut/],
    ['corrupt_gzip', 'cut off in the last bytes', packed.subarray(0, -1), /too early|cut/],
    ['corrupt_gzip', 'a wrong checksum', withWrongCrc, /./],
    ['corrupt_gzip', 'damaged near its end', damagedInside, /./],
    ['corrupt_gzip', 'garbage behind its end', Buffer.concat([packed, Buffer.from('garbage')]), /./],
    ['corrupt_gzip', 'magic bytes only', Buffer.from([0x1f, 0x8b]), /./],
    ['unsupported_encoding', 'gzip inside gzip', gzipSync(packed), /gzip inside gzip/],
  ])('E5 I3 %s: %s', expectFailure);

  it.each<[string, (path: string) => Promise<void> | void]>([
    ['that is gone', () => {}],
    ['that has become a symbolic link', (path) => symlink('/etc/passwd', path)],
    ['that has become a FIFO', (path) => void execFileSync('mkfifo', [path])],
    ['that has become a directory', (path) => void execFileSync('mkdir', [path])],
  ])('C3 C6 I3 unreadable: one %s while it waited', async (_, make) => {
    await make(pathOf('waits.csv'));
    await running.database.query(
      `insert into source_files (name, path, origin, size_bytes, fingerprint) values ('waits.csv', $1, 'directory', 1, '1')`,
      [pathOf('waits.csv')],
    );
    const file = await settledFile(running.database, 'waits.csv');
    expect(file).toMatchObject({ status: 'failed', errorCode: 'unreadable', attempts: 1 });
  });
});

describe('a file that had failed', () => {
  it('I1 is loaded by a retry once it is repaired, under the same id', async () => {
    writeFileSync(pathOf('repaired.csv.gz'), packed.subarray(0, -1));
    const { id } = await settledFile(running.database, 'repaired.csv.gz');
    const early = await retry(id);
    expect(early.status).toBe(202);
    expect(await settledFile(running.database, 'repaired.csv.gz')).toMatchObject({ id, status: 'failed', attempts: 2 });

    await rm(pathOf('repaired.csv.gz'));
    // Out of the watcher's sight, since it would register the repaired file as a new version before the retry does.
    await running.database.query(`update source_files set path = $1 where file_id = $2`, [
      pathOf('.repaired.csv.gz'),
      id,
    ]);
    writeFileSync(pathOf('.repaired.csv.gz'), packed);
    expect((await retry(id)).status).toBe(202);
    expect(await settledFile(running.database, 'repaired.csv.gz')).toMatchObject({
      id,
      status: 'loaded',
      errorCode: null,
    });
    await expectExactly(running.database, [expectedPlain('repaired.csv.gz', { tag: 'packed', to: 3000 })]);
    expect((await retry(id)).status).toBe(409);
  });

  it('I1 and is repaired in its place is loaded as its next version, without a word', async () => {
    writeFileSync(pathOf('mended.csv'), 'user_id\n');
    await settledFile(running.database, 'mended.csv');
    writeFileSync(pathOf('mended.csv'), plainFile({ tag: 'mended', to: 4 }));
    const versions = await settledVersions(running.database, 'mended.csv', 2);
    expect(versions[1]).toMatchObject({ status: 'loaded', loaded: 4, follows: null });
  });
});

describe('no error', () => {
  it('D2 is a header without rows: loaded, 0 rows', async () => {
    writeFileSync(pathOf('header.csv'), HEADER);
    writeFileSync(pathOf('header-cut.csv'), HEADER.trimEnd());
    await appendFile(pathOf('header-blank.csv'), `${HEADER}\n\n`);
    for (const file of await settledRows(running.database, 3)) {
      expect(file).toMatchObject({ status: 'loaded', read: 0, loaded: 0, rejected: 0, bytesCommitted: file.sizeBytes });
    }
  });

  it('D11 is a file of bad rows only: loaded, every row rejected', async () => {
    writeFileSync(pathOf('bad.csv'), plainFile({ tag: 'bad', to: 700, badEvery: 1 }));
    expect(await settledFile(running.database, 'bad.csv')).toMatchObject({
      status: 'loaded',
      read: 700,
      rejected: 700,
    });
    await expectExactly(running.database, [expectedPlain('bad.csv', { tag: 'bad', to: 700, badEvery: 1 })]);
  });

  it('D6 are extra columns: they are ignored and named', async () => {
    writeFileSync(pathOf('extra.csv'), `Device,${HEADER.trimEnd()}, Shop Name \nphone,${row.trimEnd()},main\n`);
    await settledFile(running.database, 'extra.csv');
    const [file] = await running.database.query('select status, ignored_columns from source_files');
    expect(file).toEqual({ status: 'loaded', ignored_columns: ['Device', 'Shop Name'] });
  });
});

async function expectFailure(code: string, what: string, content: string | Buffer, message: RegExp): Promise<void> {
  const name = `${code}-${what.replaceAll(/\W/g, '-')}.csv`;
  writeFileSync(pathOf(name), content);
  const file = await settledFile(running.database, name);
  expect(file).toMatchObject({ status: 'failed', errorCode: code, read: 0, bytesCommitted: 0 });
  expect(file.errorMessage).toMatch(message);
  await expectExactly(running.database, []);
}

async function retry(fileId: number): Promise<Response> {
  return await fetch(`${running.url}/ingestion/files/${fileId}/retry`, { method: 'POST' });
}
