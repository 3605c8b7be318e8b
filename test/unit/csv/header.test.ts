import { describe, expect, it } from 'vitest';
import { type Header, parseHeader } from '../../../src/ingest/csv/header.ts';
import { EVENT_COLUMNS } from '../../../src/ingest/event-columns.ts';

const NAMES = EVENT_COLUMNS.join(',');
const LIMIT = 1000;

function header(text: string | Buffer, limit = LIMIT): Header | undefined {
  return parseHeader(Buffer.from(text as string), true, limit);
}

function fault(text: string | Buffer, limit = LIMIT): { code: string; message: string } {
  let found: unknown = 'no error';
  try {
    header(text, limit);
  } catch (error) {
    found = error;
  }
  return found as { code: string; message: string };
}

describe('D6 the columns of a header', () => {
  it('are found in the order of the table', () => {
    expect(header(`${NAMES}\n`)).toEqual({
      dialect: { delimiter: 0x2c },
      fieldCount: 7,
      names: [...EVENT_COLUMNS],
      positions: [0, 1, 2, 3, 4, 5, 6],
      ignoredColumns: [],
      columns: NAMES.split(','),
      messagePosition: -1,
      endOffset: NAMES.length + 1,
      endLine: 2,
    });
  });

  it('are found in any order, case, quotes and space', () => {
    const text = ' SESSION_ID ,"Product_Price", "product_name" ,product_id\u00a0,EVENT_TIMESTAMP,event_type,"user_id "';
    expect(header(text)?.positions).toEqual([6, 5, 4, 3, 2, 1, 0]);
  });

  it('are found behind a stray byte order mark', () => {
    expect(header(`\uFEFF${NAMES}\n`)?.positions[0]).toBe(0);
    expect(header(`\uFEFF"a,b",${NAMES}\n`)).toMatchObject({ fieldCount: 8, ignoredColumns: ['a,b'] });
  });

  it('may have others among them, which are ignored and named as written', () => {
    const found = header(` Store ,${NAMES}, store,"a,""b""",\n`);
    expect(found).toMatchObject({
      fieldCount: 11,
      positions: [1, 2, 3, 4, 5, 6, 7],
      ignoredColumns: ['Store', 'store', 'a,"b"', ''],
    });
  });

  it('are kept as written, trimmed and long ones cut, and not at all where there are more than a thousand', () => {
    const others = Array.from({ length: 993 }, (_, n) => `${n}${'x'.repeat(101)}`);
    const kept = header(` "Store ",${NAMES.toUpperCase()},${others.slice(1).join(',')}\n`, 200_000)?.columns;
    expect(kept).toHaveLength(1000);
    expect(kept?.slice(0, 9)).toEqual(['Store', ...NAMES.toUpperCase().split(','), `1${'x'.repeat(99)}…`]);
    expect(header(`Store,${NAMES},${others.join(',')}\n`, 200_000)?.columns).toBeNull();
  });

  it('tell a correction by the name of one, in any case', () => {
    expect(header(`${NAMES},sluice_line, SLUICE_Message ,x\n`)?.messagePosition).toBe(8);
    expect(header(`${NAMES},sluice_line,sluice_messages\n`)?.messagePosition).toBe(-1);
  });

  it('that are ignored are named up to a hundred, each cut: a list of files repeats them', () => {
    const extra = Array.from({ length: 101 }, (_, n) => `${n}-${'\u{1f600}'.repeat(100)}`);
    const kept = header(`${NAMES},${extra.join(',')}\n`, 100_000)?.ignoredColumns ?? [];
    expect(kept).toHaveLength(101);
    expect(kept[0]).toBe(`0-${'\u{1f600}'.repeat(98)}…`);
    expect(kept.at(-1)).toBe('… and 1 more');
    expect(header(`${NAMES},${'x'.repeat(100)}\n`)?.ignoredColumns).toEqual(['x'.repeat(100)]);
  });

  it('are found where the name of an ignored one has a stray quote', () => {
    const found = header(`size_in",${NAMES}\n"a","b"\nc,"d\n`);
    expect(found).toMatchObject({
      fieldCount: 8,
      ignoredColumns: ['size_in"'],
      endOffset: NAMES.length + 10,
      endLine: 2,
    });
  });
});

describe('D6 the delimiter', () => {
  it.each([[','], [';'], ['\t'], ['|']])('is %j where that finds the columns', (delimiter) => {
    const text = EVENT_COLUMNS.join(delimiter);
    expect(header(`${text}\n`)).toMatchObject({ dialect: { delimiter: delimiter.charCodeAt(0) }, fieldCount: 7 });
  });

  it('is told by the known names, not by how often it occurs', () => {
    const found = header(`${EVENT_COLUMNS.join(';')};a,b,c,d,e,f,g,h,i,j;k|l|m|n|o|p|q|r|s|t\n`);
    expect(found).toMatchObject({ dialect: { delimiter: 0x3b }, fieldCount: 9 });
  });
});

describe('D3 the end of a header', () => {
  it.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['lone CR', '\r'],
  ])('is %s', (_, lineEnd) => {
    expect(header(`${NAMES}${lineEnd}1,2,3`)).toMatchObject({ endOffset: NAMES.length + lineEnd.length, endLine: 2 });
  });

  it('is the end of the file', () => {
    expect(header(NAMES)).toMatchObject({ endOffset: NAMES.length, endLine: 1 });
  });

  it('comes behind blank lines and lines of white space', () => {
    expect(header(`\n\r\n \t\u00a0\r${NAMES}\n`)).toMatchObject({ endOffset: 9 + NAMES.length, endLine: 5 });
  });

  it('is not inside quotes', () => {
    const found = header(`${NAMES},"a\nb\r\nc"\nx\n`);
    expect(found).toMatchObject({ ignoredColumns: ['a\nb\r\nc'], endOffset: NAMES.length + 10, endLine: 4 });
  });

  it('is waited for, and then the same as if it had been there at once', () => {
    for (const text of [
      `\n ${NAMES}\r\n1,2,3`,
      `${NAMES}\r1,2,3`,
      `${NAMES},"a\nb"\n1`,
      `\uFEFF${NAMES}\n\n`,
      `é",${NAMES}\r\n"1"\n`,
    ]) {
      const bytes = Buffer.from(text);
      const whole = header(text);
      for (let length = 0; length <= bytes.length; length++) {
        const found = parseHeader(bytes.subarray(0, length), false, LIMIT);
        if (found !== undefined) expect(found).toEqual(whole);
      }
    }
  });

  it('is not told from a CR at the end of the bytes, which may be half a CRLF', () => {
    expect(parseHeader(Buffer.from(`${NAMES}\r`), false, LIMIT)).toBeUndefined();
    expect(parseHeader(Buffer.from(`${NAMES}\r\n`), false, LIMIT)).toMatchObject({ endOffset: NAMES.length + 2 });
    expect(parseHeader(Buffer.from(`${NAMES}\r1`), false, LIMIT)).toMatchObject({ endOffset: NAMES.length + 1 });
  });

  it('must come within the limit, its line end not counted', () => {
    expect(header(`${NAMES}\r\n`, NAMES.length)).toMatchObject({ endOffset: NAMES.length + 2 });
    expect(fault(`${NAMES}\r\n`, NAMES.length - 1).code).toBe('missing_columns');
  });
});

describe('D2 missing_header', () => {
  it.each([
    ['nothing', ''],
    ['a byte order mark', '\uFEFF'],
    ['blank lines', '\n\r\n\r'],
    ['white space', ' \n\t'],
  ])('is a file of %s', (_, text) => {
    expect(fault(text)).toMatchObject({ code: 'missing_header', message: expect.stringContaining(NAMES) });
  });

  it('is a file of more blank lines than a record may be long', () => {
    const bytes = Buffer.alloc(LIMIT + 2, '\n');
    expect(() => parseHeader(bytes, false, LIMIT)).toThrow(/blank/);
    expect(parseHeader(bytes.subarray(1), false, LIMIT)).toBeUndefined();
  });
});

describe('D6 missing_columns', () => {
  it('names all that are missing and those that there are', () => {
    const found = fault('user_id,event_type,event_timestamp,product,product_name,price,session_id\n');
    expect(found.code).toBe('missing_columns');
    expect(found.message).toContain('product_id, product_price;');
    expect(found.message).toContain('product, product_name, price');
  });

  it('keeps its message short', () => {
    const found = fault(`${'a'.repeat(200)},${'b,'.repeat(200)}\n`);
    expect(found.code).toBe('missing_columns');
    expect(found.message.length).toBeLessThan(400);
  });

  it('is a first line without an end', () => {
    expect(fault('é'.repeat(LIMIT)).code).toBe('missing_columns');
    expect(fault(`a${'é'.repeat(LIMIT)}`).code).toBe('missing_columns');
    expect(() => parseHeader(Buffer.alloc(LIMIT + 2, 'a'), false, LIMIT)).toThrow(/longer than 1000 bytes/);
  });

  it('is a header that a quote makes unreadable', () => {
    expect(fault(`"${NAMES}\n1,2\n`).code).toBe('missing_columns');
  });
});

describe('D6 duplicate_columns', () => {
  it('names a needed column that is there twice', () => {
    expect(fault(`${NAMES}, USER_ID ,product_id\n`)).toMatchObject({
      code: 'duplicate_columns',
      message: expect.stringContaining('user_id, product_id'),
    });
  });
});

describe('D5 unsupported_encoding', () => {
  it.each([
    ['UTF-16LE without a byte order mark', Buffer.from(`${NAMES}\n`, 'utf16le')],
    ['UTF-16BE without a byte order mark', Buffer.from(`${NAMES}\n`, 'utf16le').swap16()],
    ['Latin-1', Buffer.from(`${NAMES},größe\n`, 'latin1')],
    ['a zip, such as a spreadsheet', Buffer.from('504b03041400060008000000210041378253', 'hex')],
    ['binary without a line end', Buffer.alloc(2 * LIMIT, 0x81)],
    ['NUL bytes without a line end', Buffer.alloc(2 * LIMIT)],
  ])('is a header in %s', (_, bytes) => {
    expect(fault(bytes)).toMatchObject({ code: 'unsupported_encoding', message: expect.stringContaining('UTF-8') });
  });
});
