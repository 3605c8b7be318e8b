import { writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RejectReason } from '../../../src/ingest/reject-reason.ts';
import { emptyTables } from '../../support/empty-tables.ts';
import { expectExactly } from '../../support/exact-load.ts';
import type { ExpectedFile } from '../../support/expected-events.ts';
import { settledRows } from '../../support/ledger.ts';
import { expectedPlain, HEADER, plainFile, plainRows } from '../../support/plain-events.ts';
import { startTestService, type TestService } from '../../support/service.ts';

/** What a load takes at a time where a commit for each row is asked for. */
const CHUNK_BYTES = 16 * 1024;
/** Larger than what is loaded together with others, and of several chunks. */
const LARGE_ROWS = 1200;

let running: TestService;

beforeAll(async () => {
  running = await startTestService({ env: { COMMIT_ROWS: '1', MAX_RECORD_BYTES: '2000', LOADERS: '2' } });
});

afterAll(() => running.close());

// One service for all of them, on a clean slate for each.
beforeEach(async () => {
  for (const left of await readdir(running.directory)) await rm(join(running.directory, left), { recursive: true });
  await emptyTables(running.database);
});

/** Writes each file as it is, where it is loaded together with others, and zipped, where it is loaded alone. */
async function expectLoaded(
  files: readonly { readonly bytes: Buffer | string; readonly expected: ExpectedFile }[],
): Promise<void> {
  const both = files.flatMap(({ bytes, expected }) => [
    { bytes, expected },
    { bytes: gzipSync(bytes), expected: { ...expected, name: `${expected.name}.gz` } },
  ]);
  for (const { bytes, expected } of both) writeFileSync(join(running.directory, expected.name), bytes);
  await settledRows(running.database, both.length);
  await expectExactly(
    running.database,
    both.map(({ expected }) => expected),
  );
  const replaced = await running.database.query(
    `select 1 from user_events where product_name || user_id || session_id ~ U&'\\FFFD'
     union all select 1 from rejected_rows where raw ~ U&'\\FFFD'`,
  );
  expect(replaced).toEqual([]);
}

/** The rows of a tag, each on the line that `lineOf` makes of its number. */
function onLines(
  name: string,
  rows: { readonly tag: string; readonly to: number },
  lineOf: (n: number) => number,
): ExpectedFile {
  const { events } = expectedPlain(name, rows);
  return { name, events: events.map((event, n) => ({ ...event, line: lineOf(n) })), rejects: [] };
}

describe('the smallest files', () => {
  it('D2 a row needs no line end, and a header no row', async () => {
    const one = { tag: 'one', to: 1 };
    await expectLoaded([
      { bytes: plainFile(one).trimEnd(), expected: expectedPlain('one.csv', one) },
      {
        bytes: `\uFEFF${plainFile({ tag: 'bom', to: 1 }).trimEnd()}`,
        expected: expectedPlain('bom.csv', { tag: 'bom', to: 1 }),
      },
      { bytes: HEADER, expected: { name: 'header.csv', events: [], rejects: [] } },
      { bytes: HEADER.trimEnd(), expected: { name: 'header-cut.csv', events: [], rejects: [] } },
      {
        bytes: `\uFEFF${HEADER}\n \n`,
        expected: {
          name: 'space.csv',
          events: [],
          rejects: [{ line: 3, reason: 'column_count_mismatch', column: null }],
        },
      },
    ]);
  });
});

describe('line ends', () => {
  const rows = { tag: 'lines', to: 9 };
  const lines = plainFile(rows).trimEnd().split('\n');

  it('D3 of any kind, mixed ones too, give the same rows on the same lines; blank lines count as lines and nothing else', async () => {
    const mixed = lines.map((line, n) => line + (['\n', '\r\n', '\r'][n % 3] ?? '')).join('');
    await expectLoaded([
      { bytes: lines.join('\r\n'), expected: expectedPlain('crlf.csv', rows) },
      { bytes: lines.join('\r'), expected: expectedPlain('cr.csv', rows) },
      { bytes: mixed, expected: expectedPlain('mixed.csv', rows) },
      { bytes: `${lines.join('\n')}\n\n\r\n\r\r\n`, expected: expectedPlain('trailing.csv', rows) },
      { bytes: `\n\r\n${lines.join('\n\n\r\n')}`, expected: onLines('between.csv', rows, (n) => 3 * n + 6) },
    ]);
  });

  it('D3 a CRLF whose halves come in two chunks is one', async () => {
    const large = { tag: 'large', to: LARGE_ROWS };
    const text = plainRows(large).replaceAll('\n', '\r\n');
    // White space of an ignored column moves the rows until a CR is the last byte of the first chunk.
    const withPadding = (bytes: number) =>
      Buffer.from(`${HEADER.trimEnd()},x${' '.repeat(bytes)}\r\n${text.replaceAll('\r\n', ',\r\n')}`);
    const bytes = Array.from({ length: 200 }, (_, padding) => withPadding(padding)).find(
      (each) => each[CHUNK_BYTES - 1] === 0x0d,
    );
    await expectLoaded([{ bytes: bytes ?? '', expected: expectedPlain('cut.csv', large) }]);
  });
});

describe('encodings', () => {
  const named = (productName: string) => `u,view,2024-01-15,p,${productName},1.00,s\n`;
  const event = (line: number, productName: string) => ({
    line,
    userId: 'U',
    eventType: 'view',
    at: '2024-01-15T00:00:00.000000',
    productId: 'P',
    productName,
    price: '1.00',
    sessionId: 's',
  });

  it('D5 bytes that are no UTF-8, NUL and halves of characters cost their own row, never a character of another', async () => {
    const bad = { reason: 'invalid_encoding', column: null } as const;
    const latin = Buffer.from(HEADER + named('caf\u00e9') + named('tea') + named('\u00fcber'), 'latin1');
    const odd = [[0xff], [0xc3], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xf4, 0x90, 0x80, 0x80], [0x00]];
    const mixed = Buffer.concat([
      Buffer.from(HEADER),
      ...odd.flatMap((bytes) => [
        Buffer.from(named('\u00e9\u20ac\u{1f600}')),
        Buffer.from(named('a\u0001b')).map((byte) => (byte === 1 ? 0xfe : byte)),
        Buffer.concat([Buffer.from('u,view,2024-01-15,p,x'), Buffer.from(bytes), Buffer.from('y,1.00,s\n')]),
      ]),
    ]);
    await expectLoaded([
      {
        bytes: latin,
        expected: {
          name: 'latin.csv',
          events: [event(3, 'tea')],
          rejects: [
            { line: 2, ...bad },
            { line: 4, ...bad },
          ],
        },
      },
      {
        bytes: mixed,
        expected: {
          name: 'mixed.csv',
          events: odd.map((_, n) => event(3 * n + 2, '\u00e9\u20ac\u{1f600}')),
          rejects: odd.flatMap((_, n) => [
            { line: 3 * n + 3, ...bad },
            { line: 3 * n + 4, ...bad },
          ]),
        },
      },
    ]);
  });

  it('D5 UTF-16 of both kinds and UTF-8 with a byte order mark are read as what they say; a half of a pair costs its row', async () => {
    const text = `\uFEFF${HEADER}${named('\u00e9 \u65e5\u672c \u{1f600}')}${named('half \ud83d.')}${named('\udc00')}${named('whole')}`;
    const little = Buffer.from(text, 'utf16le');
    const expected = (name: string) => ({
      name,
      events: [event(2, '\u00e9 \u65e5\u672c \u{1f600}'), event(5, 'whole')],
      rejects: [3, 4].map((line) => ({ line, reason: 'invalid_encoding', column: null })),
    });
    await expectLoaded([
      { bytes: little, expected: expected('little.csv') },
      { bytes: Buffer.from(little).swap16(), expected: expected('big.csv') },
    ]);
  });

  it('D5 characters of several bytes are whole wherever chunks cut them', async () => {
    const productName = '\u{1f600}'.repeat(60);
    // The characters of the files lie at all four offsets to the end of each chunk.
    const files = [0, 1, 2, 3].map((padding) => ({
      bytes: `${HEADER.trimEnd()},x${' '.repeat(padding)}\n${named(productName).replace('\n', ',\n').repeat(400)}`,
      expected: {
        name: `${padding}.csv`,
        events: Array.from({ length: 400 }, (_, n) => event(n + 2, productName)),
        rejects: [],
      },
    }));
    for (const { bytes } of files) expect(Buffer.byteLength(bytes)).toBeGreaterThan(5 * CHUNK_BYTES);
    await expectLoaded(files);
  });
});

describe('bad rows', () => {
  // Whether a row is corrected already depends on what is loaded, not on its text.
  const BAD: Readonly<
    Record<
      Exclude<RejectReason, 'already_corrected'>,
      { readonly line: string | Buffer; readonly column: string | null }
    >
  > = {
    missing_value: { line: ' ,view,2024-01-15,p,n,1.00,s', column: 'user_id' },
    value_too_long: { line: `u,view,2024-01-15,${'p'.repeat(51)},n,1.00,s`, column: 'product_id' },
    invalid_event_type: { line: 'u,View,2024-01-15,p,n,1.00,s', column: 'event_type' },
    invalid_timestamp: { line: 'u,view,2024-02-30,p,n,1.00,s', column: 'event_timestamp' },
    invalid_price: { line: 'u,view,2024-01-15,p,n,"1,5",s', column: 'product_price' },
    non_positive_price: { line: 'u,view,2024-01-15,p,n,0.004,s', column: 'product_price' },
    price_out_of_range: { line: 'u,view,2024-01-15,p,n,1e400,s', column: 'product_price' },
    column_count_mismatch: { line: 'u,view,2024-01-15,p,n,1.00', column: null },
    malformed_quotes: { line: 'u,view,2024-01-15,p,n"n,1.00,s', column: null },
    invalid_encoding: { line: Buffer.from('u,view,2024-01-15,p,\u00e9,1.00,s', 'latin1'), column: null },
    record_too_long: { line: `u,view,2024-01-15,p,${'n'.repeat(2000)},1.00,s`, column: null },
  };

  it('D11 I2 I3 of every reason, first, in the middle and last in a file, are kept with line and reason and cost no neighbour', async () => {
    const files = Object.entries(BAD).map(([reason, { line, column }]) => {
      const good = { tag: reason, to: 4 };
      const row = (n: number) => Buffer.from(plainRows({ ...good, from: n, to: n + 1 }));
      const bad = Buffer.concat([Buffer.from(line), Buffer.from('\n')]);
      const bytes = Buffer.concat([Buffer.from(HEADER), bad, row(0), row(1), bad, row(2), row(3), Buffer.from(line)]);
      const expected = onLines(`${reason}.csv`, good, (n) => n + (n < 2 ? 3 : 4));
      return { bytes, expected: { ...expected, rejects: [2, 5, 8].map((at) => ({ line: at, reason, column })) } };
    });
    await expectLoaded(files);
  });

  it('D11 I2 I3 as none, one in a hundred, one in two and all rows of a file, are all kept, and the file is loaded', async () => {
    const files = [undefined, 100, 2, 1].map((badEvery, n) => {
      const rows = { tag: `share-${n}`, to: LARGE_ROWS, ...(badEvery === undefined ? {} : { badEvery }) };
      return { bytes: plainFile(rows), expected: expectedPlain(`${n}.csv`, rows) };
    });
    await expectLoaded(files);
    const statuses = await running.database.query<{ status: string }>('select distinct status from source_files');
    expect(statuses).toEqual([{ status: 'loaded' }]);
  });
});
