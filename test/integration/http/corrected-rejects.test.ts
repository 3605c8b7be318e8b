import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { marked } from '../../../src/ingest/csv/formula-mark.ts';
import { EVENT_COLUMNS } from '../../../src/ingest/event-columns.ts';
import { REJECT_REASONS } from '../../../src/ingest/reject-reason.ts';
import { type CsvStyle, csvLine, PLAIN_STYLE, QUOTED_STYLE } from '../../support/csv-line.ts';
import { expectAccounting } from '../../support/exact-load.ts';
import { HEADER } from '../../support/plain-events.ts';
import { rejectSheet, type Sheet, type SheetRow, savedSheet } from '../../support/reject-sheet.ts';
import { startTestService, type TestService } from '../../support/service.ts';
import { curl } from './support/curl.ts';

let service: TestService;
/** loads what the files should have been from the beginning */
let clean: TestService;

beforeAll(async () => {
  [service, clean] = await Promise.all([startTestService(), startTestService()]);
});
afterAll(async () => {
  await Promise.all([service.close(), clean.close()]);
});

// biome-ignore lint/suspicious/noExplicitAny: tests look at whatever the server sent
async function put(name: string, content: string | Buffer, to = service): Promise<any> {
  const path = `/uploads/${encodeURIComponent(name)}?wait=30`;
  return (await request(to.url).put(path).send(Buffer.from(content)).expect(200)).body.files[0];
}

async function fileOf(fileId: number) {
  return (await request(service.url).get(`/ingestion/files/${fileId}`).expect(200)).body;
}

async function rejectsOf(fileId: number, query = '') {
  const { body } = await request(service.url).get(`/ingestion/files/${fileId}/rejects?limit=1000${query}`).expect(200);
  return body.data as { lineNumber: number; reason: string; message: string; correctedBy: number | null }[];
}

async function eventsWith(session: string, of = service): Promise<unknown[]> {
  return await of.database.query(
    `select user_id, event_type, event_timestamp, product_id, product_name, product_price, session_id
       from user_events where session_id like $1 order by session_id collate "C", product_name collate "C"`,
    [`%${session}%`],
  );
}

const row = (values: Readonly<Record<string, string>>): SheetRow => ({
  user_id: 'u1',
  event_type: 'view',
  event_timestamp: '2024-01-15',
  product_id: 'p1',
  product_name: 'Mug',
  product_price: '1.00',
  session_id: 's1',
  ...values,
});

/** Texts that a spreadsheet takes for formulas, or that look as if they were marked already. */
const TEXTS = [
  '=1+1',
  '-Mug',
  '+x',
  '@SUM(A1)',
  "'=1",
  "''-2",
  "'plain",
  '\t=a',
  'a;=b\n"c", =d',
  '"quoted"',
  'Ünï😀',
  '＝1',
];
const FAULTS: readonly (readonly [column: string, value: string])[] = [
  ['user_id', ' '],
  ['product_id', 'p'.repeat(51)],
  ['event_type', 'View'],
  ['event_timestamp', '2024-02-30'],
  ['product_price', '1,5'],
  ['product_price', '0.004'],
  ['product_price', '-1e400'],
  ['product_price', '1e400'],
  ['session_id', ''],
];

/** A formula may be typed as it is; a text that begins as if it were marked has to be marked to keep that. */
const typed = (text: string) => (text.startsWith("'") ? marked(text) : text);

interface Layout {
  readonly name: string;
  readonly columns: readonly string[];
  readonly style: CsvStyle;
  readonly encoding?: BufferEncoding;
}

const OTHERS = ['note', ...EVENT_COLUMNS.toReversed(), '=Shop', 'note'];
const LAYOUTS: readonly Layout[] = [
  { name: 'plain', columns: EVENT_COLUMNS, style: PLAIN_STYLE },
  {
    name: 'semicolons, CRLF, others among the columns',
    columns: OTHERS,
    style: { ...QUOTED_STYLE, delimiter: ';', lineEnd: '\r\n' },
  },
  { name: 'tabs, another order', columns: EVENT_COLUMNS.toReversed(), style: { ...PLAIN_STYLE, delimiter: '\t' } },
  { name: 'UTF-16, pipes', columns: OTHERS, style: { ...PLAIN_STYLE, delimiter: '|' }, encoding: 'utf16le' },
];

describe.each(LAYOUTS)('a file of $name', ({ name, columns, style, encoding = 'utf8' }) => {
  const tag = name.replaceAll(/\W/g, '');
  const shown = (cells: SheetRow) => columns.map((column) => cells[column] ?? `${column} of ${cells['session_id']}`);
  const line = (cells: SheetRow) => csvLine(shown(cells), style);
  /** each clean row with the text that stands in its place in the file */
  const pairs: (readonly [SheetRow, string])[] = [];
  for (const [n, text] of TEXTS.entries()) {
    for (const [m, [column, value]] of FAULTS.entries()) {
      const session_id = `${text} ${tag}-${n}-${m}`;
      const good = row({
        user_id: `u${text.slice(0, 9)}`,
        product_id: `${text}`.slice(0, 12),
        product_name: text,
        session_id,
      });
      pairs.push([good, line({ ...good, [column]: value })]);
    }
  }
  const structural = (session: string, change: (text: string) => string) => {
    const good = row({ product_name: 'Big mug', session_id: `${tag}-${session}` });
    pairs.push([good, change(line(good))]);
  };
  structural('too-few', (text) => text.slice(0, text.lastIndexOf(style.delimiter)));
  structural('too-many', (text) => `${text}${style.delimiter}x${style.delimiter}"y"`);
  structural('stray-quote', (text) => text.replaceAll('"', '').replace('Big', 'B"ig'));
  structural('nul', (text) => text.replace('Big', 'B\0ig'));
  structural('too-long', (text) => text.replace('Big', 'Big'.repeat(20_000)));

  test('comes back whole: what is corrected in a spreadsheet is loaded as if it had never been wrong', async () => {
    const own = await startTestService({ env: { MAX_RECORD_BYTES: '50000' } });
    try {
      const header = csvLine(columns, style);
      const text = [header, ...pairs.map(([, line]) => line)].map((line) => `${line}${style.lineEnd}`).join('');
      const bom = encoding === 'utf16le' ? '\ufeff' : '';
      const old = await put(`${tag}.csv`, Buffer.from(bom + text, encoding), own);
      expect(old).toMatchObject({ status: 'loaded', rowsLoaded: 0, rowsRejected: pairs.length });
      const everyReason = REJECT_REASONS.filter((reason) => reason !== 'already_corrected');
      expect(Object.keys(old.rejectsByReason).sort()).toEqual(everyReason.sort());

      const sheet = await rejectSheet(own.url, old.fileId);
      expect(sheet.columns.slice(-3)).toEqual(['sluice_line', 'sluice_reason', 'sluice_message']);
      expect(sheet.rows).toHaveLength(pairs.length);
      // Only the cells at fault are written anew, as a person would do it; of a row that was none, all of them.
      const corrected = sheet.rows.map((cells, index): SheetRow => {
        const good = pairs[index]?.[0] ?? {};
        const named = EVENT_COLUMNS.find((column) => cells['sluice_message']?.startsWith(column));
        return named === undefined
          ? { ...cells, ...good, sluice_reason: '' }
          : { ...cells, [named]: typed(good[named] ?? '') };
      });
      const fresh = await put('corrected.csv', savedSheet({ ...sheet, rows: corrected }), own);
      expect(fresh).toMatchObject({
        status: 'loaded',
        rowsRejected: 0,
        rowsLoaded: pairs.length,
        corrects: old.fileId,
      });
      expect(fresh.ignoredColumns).toContain('sluice_message');

      const whole = [EVENT_COLUMNS, ...pairs.map(([good]) => EVENT_COLUMNS.map((column) => good[column] ?? ''))];
      await put(`${tag}.csv`, whole.map((cells) => `${csvLine(cells, QUOTED_STYLE)}\n`).join(''), clean);
      expect(await eventsWith(tag, own)).toEqual(await eventsWith(tag, clean));
      await expectAccounting(own.database);
      expect((await rejectSheet(own.url, old.fileId)).rows).toEqual([]);
      expect((await rejectSheet(own.url, old.fileId, '?corrected=all')).rows).toHaveLength(pairs.length);
    } finally {
      await own.close();
    }
  });
});

/** Ten rows that are rejected for their type, under one session. */
async function tenRejects(session: string) {
  const rows = Array.from({ length: 10 }, (_, n) => row({ event_type: 'look', session_id: `${session}-${n}` }));
  const lines = rows.map((cells) =>
    csvLine(
      EVENT_COLUMNS.map((column) => cells[column] ?? ''),
      PLAIN_STYLE,
    ),
  );
  const file = await put(`${session}.csv`, `${HEADER}${lines.join('\n')}\n`);
  expect(file).toMatchObject({ rowsLoaded: 0, rowsRejected: 10 });
  return { file, sheet: await rejectSheet(service.url, file.fileId) };
}

const mend = (sheet: Sheet, upTo: number): Sheet => ({
  ...sheet,
  rows: sheet.rows.map((cells, n) => (n < upTo ? { ...cells, event_type: 'view' } : cells)),
});

describe('a spreadsheet of rejects that is sent back', () => {
  test('names the file that it corrects, and closes the rejects of the rows that are loaded, and no others', async () => {
    const { file, sheet } = await tenRejects('half');
    const fresh = await put('half-corrected.csv', savedSheet(mend(sheet, 5)));
    expect(fresh).toMatchObject({
      rowsLoaded: 5,
      rowsRejected: 5,
      corrects: file.fileId,
      rejectsByReason: { invalid_event_type: 5 },
    });
    expect(await fileOf(file.fileId)).toMatchObject({ rowsCorrected: 5, rowsRejected: 10 });
    const closed = (await rejectsOf(file.fileId)).map(({ correctedBy }) => correctedBy);
    expect(closed).toEqual([...Array(5).fill(fresh.fileId), ...Array(5).fill(null)]);
    expect(await rejectsOf(file.fileId, '&corrected=true')).toHaveLength(5);
    expect(await rejectsOf(file.fileId, '&corrected=false&reason=invalid_event_type')).toHaveLength(5);
    expect(await rejectsOf(file.fileId, '&corrected=all&reason=invalid_price')).toEqual([]);
    expect((await rejectSheet(service.url, file.fileId, '?corrected=true')).rows).toHaveLength(5);
  });

  test('with more of it mended may be sent again, and no row is loaded twice; then both files are closed', async () => {
    const { file, sheet } = await tenRejects('again');
    const first = await put('again-1.csv', savedSheet(mend(sheet, 5)));
    const second = await put('again-2.csv', savedSheet(mend(sheet, 10)));
    expect(second).toMatchObject({ rowsLoaded: 5, rejectsByReason: { already_corrected: 5 }, corrects: file.fileId });
    expect(await eventsWith('again-')).toHaveLength(10);
    const [late] = await rejectsOf(second.fileId);
    expect(late).toMatchObject({ lineNumber: 2, column: null, correctedBy: first.fileId });
    expect(late?.message).toContain(`line 2 of file ${file.fileId} has been corrected by file ${first.fileId}`);
    // What is rejected of a correction belongs to the reject that it was meant for.
    for (const [{ fileId }, rows] of [
      [file, 10],
      [first, 5],
      [second, 5],
    ] as const) {
      expect(await fileOf(fileId)).toMatchObject({ rowsCorrected: rows, rowsRejected: rows });
      expect((await rejectSheet(service.url, fileId)).rows).toEqual([]);
    }
  });

  test('may be corrected from the rejects of the correction, as often as it takes', async () => {
    const { file, sheet } = await tenRejects('chain');
    const unchanged = await put('chain-1.csv', savedSheet(sheet));
    expect(unchanged).toMatchObject({ rowsLoaded: 0, rowsRejected: 10, corrects: file.fileId });
    const next = await rejectSheet(service.url, unchanged.fileId);
    expect(next.columns).toEqual(sheet.columns);
    expect(next.rows[0]?.['sluice_message']).toContain(`(file ${unchanged.fileId}, line 2)`);
    const last = await put('chain-2.csv', savedSheet(mend(next, 10)));
    expect(last).toMatchObject({ rowsLoaded: 10, corrects: unchanged.fileId });
    for (const { fileId } of [file, unchanged]) {
      expect(await fileOf(fileId)).toMatchObject({ rowsCorrected: 10 });
      expect((await rejectsOf(fileId)).map(({ correctedBy }) => correctedBy)).toEqual(Array(10).fill(last.fileId));
    }
    expect(
      await put('chain-3.csv', savedSheet({ ...mend(sheet, 10), columns: [...sheet.columns, 'x'] })),
    ).toMatchObject({
      rowsLoaded: 0,
      rejectsByReason: { already_corrected: 10 },
    });
  });

  test('with a row that was no record, and was left as it is, has it rejected again for the same reason', async () => {
    const good = 'u1,view,2024-01-15,p1,Mug,19.99,broken';
    const lines = [
      good.replace('19.99', '19,99'),
      good.replace('Mug', 'M"ug'),
      good.replace('Mug', 'M\xff'),
      `${good},`,
    ];
    const file = await put('broken.csv', Buffer.from(`${HEADER}${lines.join('\n')}\n`, 'latin1'));
    expect(file).toMatchObject({ rowsLoaded: 0, rowsRejected: 4 });
    const sheet = await rejectSheet(service.url, file.fileId);
    expect(sheet.rows.map((cells) => [cells['product_name'], cells['product_price'], cells['session_id']])).toEqual([
      ['Mug', '19', '99,broken'],
      ['M"ug', '19.99', 'broken'],
      ['M\\xFF', '19.99', 'broken'],
      ['Mug', '19.99', 'broken,'],
    ]);
    const style = { ...QUOTED_STYLE, delimiter: ';', lineEnd: '\r\n' };
    const unchanged = await put('broken-1.csv', savedSheet(sheet, { style }));
    expect(unchanged).toMatchObject({ rowsLoaded: 0, rejectsByReason: file.rejectsByReason });
    const again = await rejectSheet(service.url, unchanged.fileId);
    expect(again.rows.map((cells) => cells['session_id'])).toEqual(sheet.rows.map((cells) => cells['session_id']));
    expect(await put('broken-2.csv', savedSheet(again))).toMatchObject({
      rowsLoaded: 0,
      rejectsByReason: file.rejectsByReason,
    });
    const emptied = again.rows.map((cells, n) => (n === 1 ? { ...cells, sluice_reason: ' ' } : cells));
    const confirmed = await put('broken-3.csv', savedSheet({ ...again, rows: emptied }));
    expect(confirmed).toMatchObject({ rowsLoaded: 1, rowsRejected: 3 });
    const mended = {
      ...again,
      rows: again.rows.map((cells) => ({
        ...cells,
        session_id: 'broken',
        product_price: '19.99',
        product_name: 'Mug',
      })),
    };
    expect(await put('broken-4.csv', savedSheet(mended))).toMatchObject({
      rowsLoaded: 3,
      rejectsByReason: { already_corrected: 1 },
    });
    expect(await fileOf(file.fileId)).toMatchObject({ rowsCorrected: 4 });
  });

  test('that comes back as no record any more still counts as a try at its reject', async () => {
    const { file, sheet } = await tenRejects('spoilt');
    const spoilt = savedSheet(mend(sheet, 1)).toString().replace('Mug', 'Mug,large');
    const fresh = await put('spoilt-1.csv', spoilt);
    expect(fresh.rejectsByReason).toEqual({ column_count_mismatch: 1, invalid_event_type: 9 });
    const next = await rejectSheet(service.url, fresh.fileId);
    expect(next.rows[0]).toMatchObject({ product_name: 'Mug', product_price: 'large', session_id: '1.00,spoilt-0' });
    const cells = { product_name: 'Mug, large', product_price: '1.00', session_id: 'spoilt-0' };
    await put('spoilt-2.csv', savedSheet({ ...next, rows: [{ ...next.rows[0], ...cells }] }));
    expect(await fileOf(file.fileId)).toMatchObject({ rowsCorrected: 1 });
    expect(await eventsWith('spoilt-')).toMatchObject([{ product_name: 'Mug, large' }]);
  });

  test('loads rows without an address, or with one that nobody knows, like those of any file', async () => {
    const { file, sheet } = await tenRejects('unknown');
    const [first] = mend(sheet, 1).rows;
    const others = [
      '',
      'no address',
      '(file 987654321, line 2)',
      `(file ${file.fileId}, line 1)`,
      `(file ${file.fileId}, line 99) `,
    ];
    const rows = others.map((sluice_message, n) => ({ ...first, session_id: `unknown-x${n}`, sluice_message }));
    const fresh = await put('unknown-1.csv', savedSheet({ ...sheet, rows }));
    expect(fresh).toMatchObject({ rowsLoaded: others.length, corrects: null });
    expect(await fileOf(file.fileId)).toMatchObject({ rowsCorrected: 0 });
  });

  test('with one row twice has the second one rejected, unless the first was', async () => {
    const { file, sheet } = await tenRejects('twice');
    const [a = {}, b = {}] = mend(sheet, 2).rows;
    const rows = [a, { ...a, session_id: 'twice-0b' }, { ...b, event_type: 'look' }, b];
    const fresh = await put('twice-1.csv', savedSheet({ ...sheet, rows }));
    expect(fresh).toMatchObject({ rowsLoaded: 2, rejectsByReason: { already_corrected: 1, invalid_event_type: 1 } });
    expect((await rejectsOf(fresh.fileId))[0]?.message).toContain('by an earlier row of this file');
    expect(await fileOf(file.fileId)).toMatchObject({ rowsCorrected: 2 });
    expect(await eventsWith('twice-')).toHaveLength(2);
    // The row that was rejected in between was for a reject that is closed now.
    expect(await fileOf(fresh.fileId)).toMatchObject({ rowsCorrected: 2 });
  });

  test('may hold the rejects of several files', async () => {
    const [one, other] = [await tenRejects('one'), await tenRejects('other')];
    const rows = [...mend(other.sheet, 10).rows.slice(0, 3), ...mend(one.sheet, 10).rows];
    const fresh = await put('several.csv', savedSheet({ ...one.sheet, rows }));
    expect(fresh).toMatchObject({ rowsLoaded: 13, corrects: other.file.fileId });
    expect(await fileOf(one.file.fileId)).toMatchObject({ rowsCorrected: 10 });
    expect(await fileOf(other.file.fileId)).toMatchObject({ rowsCorrected: 3 });
  });

  test.each([
    ['semicolons and CRLF', { style: { ...PLAIN_STYLE, delimiter: ';', lineEnd: '\r\n' } }],
    ['every cell quoted', { style: QUOTED_STYLE }],
    ['UTF-16', { style: { ...PLAIN_STYLE, delimiter: '\t' }, encoding: 'utf16le' }],
    ['its columns in another order, and some left out', { columns: ['SLUICE_MESSAGE', ...EVENT_COLUMNS.toReversed()] }],
  ] as const)('may be saved with %s', async (how, saved) => {
    const session = `saved${how.replaceAll(/\W/g, '')}`;
    const { file, sheet } = await tenRejects(session);
    const rows = mend(sheet, 10).rows.map((cells) => ({ ...cells, SLUICE_MESSAGE: cells['sluice_message'] ?? '' }));
    const fresh = await put(`${session}-1.csv`, savedSheet({ ...sheet, rows }, saved));
    expect(fresh).toMatchObject({ rowsLoaded: 10, corrects: file.fileId });
    expect(await fileOf(file.fileId)).toMatchObject({ rowsCorrected: 10 });
  });

  test('goes the whole way with curl and sed, through a form', async () => {
    const { file } = await tenRejects('curl');
    const path = join(service.directory, '..', `curl-${process.pid}.txt`);
    const run = promisify(execFile);
    const link = `${service.url}/ingestion/files/${file.fileId}/rejects?format=csv`;
    const { stdout } = await run('curl', ['-sS', link]);
    writeFileSync(path, stdout);
    await run('sed', ['-i', 's/,look,/,view,/', path]);
    const { body } = await curl('-F', `file=@${path};filename=mended.csv`, `${service.url}/uploads?wait=30`);
    expect(body.files[0]).toMatchObject({ rowsLoaded: 10, corrects: file.fileId });
    await run('rm', [path]);
  });

  test('is refused above a million rows, and says what to do', async () => {
    const line = ',,,,,,,"(file 1, line 1)"\n';
    const fresh = await put('endless.csv', `${HEADER.trim()},sluice_message\n${line.repeat(1_048_577)}`);
    expect(fresh).toMatchObject({ status: 'failed', error: { code: 'too_many_corrections' } });
    expect(fresh.error.message).toContain('split the file');
  }, 60_000);
});

describe('rejects as CSV', () => {
  test('say where a row was cut, and begin with a byte order mark, by which a spreadsheet knows the encoding', async () => {
    const file = await put('cut.csv', `${HEADER}u1,view,2024-01-15,p1,${'é'.repeat(3000)},1.00,s1\n`);
    const link = `${service.url}/ingestion/files/${file.fileId}/rejects?format=csv`;
    const bytes = Buffer.from(await (await fetch(link)).arrayBuffer());
    expect(bytes.subarray(0, 3).toString('hex')).toBe('efbbbf');
    const [cells] = (await rejectSheet(service.url, file.fileId)).rows;
    expect(cells?.['product_name']).toMatch(/^é+$/);
    expect(cells?.['session_id']).toBe('');
    expect(cells?.['sluice_message']).toMatch(/product_name .*only the first 4 KiB .*\(file \d+, line 2\)$/);
  });

  test('of a file that was loaded before headers were kept are in the usual columns, and say so', async () => {
    const file = await put(
      'old.csv',
      'session_id;user_id;event_type;event_timestamp;product_id;product_name;product_price\ns1;u1;look;2024-01-15;p1;Mug;1\n',
    );
    await service.database.query('update source_files set header_columns = null, delimiter = null where file_id = $1', [
      file.fileId,
    ]);
    const { columns, rows } = await rejectSheet(service.url, file.fileId);
    expect(columns.slice(0, 7)).toEqual(EVENT_COLUMNS);
    expect(EVENT_COLUMNS.map((column) => rows[0]?.[column])).toEqual([
      's1',
      'u1',
      'look',
      '2024-01-15',
      'p1',
      'Mug',
      '1',
    ]);
    expect(rows[0]?.['sluice_message']).toContain('which of its cells belongs to which column is not known any more');
    expect((await rejectsOf(file.fileId))[0]).toMatchObject({ rawSpan: null });
  });

  test('are JSON where that is asked for by name, and a filter that is none is told what it may be', async () => {
    const { file } = await tenRejects('filter');
    const path = `/ingestion/files/${file.fileId}/rejects`;
    const asJson = await request(service.url).get(`${path}?format=json`).set('accept', 'text/csv').expect(200);
    expect(asJson.body.data).toHaveLength(10);
    for (const query of ['format=xml', 'corrected=yes', 'reason=bad']) {
      expect((await request(service.url).get(`${path}?${query}`).expect(400)).body.detail).toContain('must be one of');
    }
  });
});

test('every reject of a value has the shape of it, and no other has one', async () => {
  const lines = [
    'u1,View it,2024-01-15,p1,Mug,1,s',
    ' ,view,2024-01-15,p1,Mug,1,s',
    'u1,view,2024-01-15,p1,Mug,"12,50",s',
    'u1',
  ];
  const { fileId } = await put('shapes.csv', `${HEADER}${lines.join('\n')}\n`);
  const shapes = await service.database.query(
    'select shape from rejected_rows where file_id = $1 order by line_number',
    [fileId],
  );
  expect(shapes).toEqual([{ shape: 'A+a+ a+' }, { shape: '' }, { shape: '9+,9+' }, { shape: null }]);
});
