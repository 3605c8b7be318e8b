import { describe, expect, it } from 'vitest';
import { RecordReader } from '../../../src/ingest/csv/record-reader.ts';
import { cutAt, type Reading, readAll, readText } from '../../support/csv-reading.ts';

/** `line: fields` for a record, `line: reason <raw>` for a span. */
function summary({ seen }: Reading): string[] {
  return seen.map((item) =>
    item.kind === 'record'
      ? `${item.line}: ${item.fields.join('|')}`
      : `${item.line}: ${item.reason} <${item.raw.text}>`,
  );
}

function messages({ seen }: Reading): string[] {
  return seen.flatMap((item) => (item.kind === 'broken' ? [item.message] : []));
}

describe('D4 fields', () => {
  it('are the bytes between delimiters, as written', () => {
    expect(summary(readText(' a ,, c\n'))).toEqual(['1:  a || c']);
  });

  it('are cut at the delimiter of the dialect only', () => {
    expect(summary(readText('a,b;c\td|"e\n', { delimiter: 0x3b, fieldCount: 2 }))).toEqual([
      '1: malformed_quotes <a,b;c\td|"e>',
    ]);
    expect(summary(readText('a,b;c\td\n', { delimiter: 0x3b, fieldCount: 2 }))).toEqual(['1: a,b|c\td']);
    expect(summary(readText('a,b\tc;d\n', { delimiter: 0x09, fieldCount: 2 }))).toEqual(['1: a,b|c;d']);
    expect(summary(readText('a|"b|c"\n', { delimiter: 0x7c, fieldCount: 2 }))).toEqual(['1: a|b|c']);
  });

  it('lose their quotes, and "" within quotes is one quote', () => {
    expect(summary(readText('"a","","""b"" ""c"\n'))).toEqual(['1: a||"b" "c']);
  });

  it('hold delimiters and any line end inside quotes', () => {
    const text = '"a,b","1\n2\r\n3\r4",c\nx,y,z\n';
    expect(readText(text).seen).toMatchObject([
      { line: 1, fields: ['a,b', '1\n2\r\n3\r4', 'c'] },
      { line: 5, fields: ['x', 'y', 'z'] },
    ]);
  });

  it('keep every character of UTF-8, a byte order mark in the middle too', () => {
    expect(summary(readText('é,😀,\uFEFFx\n'))).toEqual(['1: é|😀|\uFEFFx']);
  });

  it('can be read as bytes, and one that does not exist is an error', () => {
    const reader = new RecordReader(
      { delimiter: 0x2c, fieldCount: 2, maxRecordBytes: 100, startOffset: 0, startLine: 1 },
      {
        record(record) {
          const bytes = [0, 1].map((index) => record.bytes.toString('utf8', record.start(index), record.end(index)));
          expect(bytes).toEqual(['c""d', 'ab']);
          expect([0, 1].map((index) => record.hasEscapedQuotes(index))).toEqual([true, false]);
          expect(() => record.text(2)).toThrow(RangeError);
          expect(() => record.text(-1)).toThrow(RangeError);
        },
        broken: (span) => expect.unreachable(span.message),
      },
    );
    expect.assertions(4);
    reader.push(Buffer.from('"c""d","ab"\n'));
    reader.end();
  });
});

describe('D3 records', () => {
  it('end with LF, CRLF or lone CR, in any mixture, or with the file', () => {
    expect(summary(readText('a,b,c\nd,e,f\r\ng,h,i\rj,k,l'))).toEqual(['1: a|b|c', '2: d|e|f', '3: g|h|i', '4: j|k|l']);
    expect(summary(readText('a,b,"c"\nd,e,"f"\r\ng,h,"i"\rj,k,"l"'))).toEqual([
      '1: a|b|c',
      '2: d|e|f',
      '3: g|h|i',
      '4: j|k|l',
    ]);
  });

  it('end once with a CRLF that is split over two chunks', () => {
    const reading = readAll([Buffer.from('a,b,c\r'), Buffer.from('\nd,e,f\r'), Buffer.from('g,h,i\r')]);
    expect(summary(reading)).toEqual(['1: a|b|c', '2: d|e|f', '3: g|h|i']);
  });

  it('are not made of zero-length lines, which count as lines all the same', () => {
    expect(summary(readText('\n\r\n\ra,b,c\n\n\nd,e,f\n\n'))).toEqual(['4: a|b|c', '7: d|e|f']);
  });

  it('are made of lines of spaces and of quoted nothing', () => {
    expect(summary(readText(' \n""\n'))).toEqual(['1: column_count_mismatch < >', '2: column_count_mismatch <"">']);
  });

  it('have the offset of their first byte and leave the reader behind their line end', () => {
    const { seen, end } = readText('a,b,c\r\n\nd,e,f\ng', { startOffset: 100, startLine: 7 });
    expect(seen).toMatchObject([
      { line: 7, offset: 100, resume: { offset: 107, line: 8 } },
      { line: 9, offset: 108, resume: { offset: 114, line: 10 } },
      { line: 10, offset: 114, resume: { offset: 115, line: 10 } },
    ]);
    expect(end).toEqual({ offset: 115, line: 10 });
  });

  it('go on behind a file that had no last line end, when what was appended begins with it', () => {
    const first = readText('a,b,c\nd,e,f');
    expect(first.end).toEqual({ offset: 11, line: 2 });
    const appended = readText('\ng,h,i\n', { startOffset: 11, startLine: 2 });
    expect(appended.seen).toMatchObject([{ line: 3, offset: 12, fields: ['g', 'h', 'i'] }]);
  });

  it('come as soon as their line end is there, without waiting for the next chunk', () => {
    const lines: number[] = [];
    const reader = new RecordReader(
      { delimiter: 0x2c, fieldCount: 1, maxRecordBytes: 100, startOffset: 0, startLine: 1 },
      { record: (record) => lines.push(record.lineNumber), broken: (span) => lines.push(-span.lineNumber) },
    );
    reader.push(Buffer.from('a\nb\nc'));
    expect(lines).toEqual([1, 2]);
    expect([reader.offset, reader.line]).toEqual([4, 3]);
    reader.end();
    expect(lines).toEqual([1, 2, 3]);
  });
});

describe('D6 column_count_mismatch', () => {
  it('says how many fields there are and how many there should be', () => {
    const reading = readText('a,b\nc,d,e\nf,g,h,i\n');
    expect(summary(reading)).toEqual([
      '1: column_count_mismatch <a,b>',
      '2: c|d|e',
      '3: column_count_mismatch <f,g,h,i>',
    ]);
    expect(messages(reading)).toEqual(['2 fields, the header has 3', '4 fields, the header has 3']);
  });

  it('of a pair of broken quotes costs only their own lines, not the records between them', () => {
    expect(summary(readText('a,"b,c\nd,e,f\ng,h",i,j\nk,l,m\n'))).toEqual([
      '1: column_count_mismatch <a,"b,c>',
      '2: d|e|f',
      '3: malformed_quotes <g,h",i,j>',
      '4: k|l|m',
    ]);
  });

  it('of a record of several lines is one reject', () => {
    expect(summary(readText('a,"b\nc"\nd,e,f\n'))).toEqual(['1: column_count_mismatch <a,"b\nc">', '3: d|e|f']);
  });

  it('comes before invalid_encoding', () => {
    expect(summary(readAll([Buffer.from('a,\xff\n', 'latin1')]))).toEqual(['1: column_count_mismatch <a,\\xFF>']);
  });
});

describe('D5 invalid_encoding', () => {
  it('names the byte and the field, and costs no other record', () => {
    const reading = readAll([Buffer.from('a,b,c\nd,"e\xe9",f\ng,h,i\0\nj,k,l\n', 'latin1')]);
    expect(summary(reading)).toEqual([
      '1: a|b|c',
      '2: invalid_encoding <d,"e\\xE9",f>',
      '3: invalid_encoding <g,h,i\\x00>',
      '4: j|k|l',
    ]);
    expect(messages(reading)).toEqual(['byte 0xE9 is not valid UTF-8 in field 2', 'NUL byte (0x00) in field 3']);
  });

  it.each([
    ['an overlong form', 'c0 af'],
    ['a surrogate', 'ed a0 80'],
    ['a code point above U+10FFFF', 'f4 90 80 80'],
    ['a cut sequence', 'e2 82'],
    ['a lone continuation byte', '80'],
  ])('is %s', (_, hex) => {
    const record = Buffer.concat([Buffer.from('a,b,'), Buffer.from(hex.replaceAll(' ', ''), 'hex')]);
    expect(readAll([record]).seen).toMatchObject([{ reason: 'invalid_encoding' }]);
    expect(messages(readAll([record]))[0]).toContain('in field 3');
  });

  it('is found in a last record of one byte', () => {
    expect(summary(readAll([Buffer.from([0xff])], { fieldCount: 1 }))).toEqual(['1: invalid_encoding <\\xFF>']);
  });

  it('is not a character that chunks cut in two', () => {
    const bytes = Buffer.from('é,€,😀\n');
    for (let place = 0; place < bytes.length; place++)
      expect(summary(readAll(cutAt(bytes, [place])))).toEqual(['1: é|€|😀']);
  });
});

describe('D4 malformed_quotes', () => {
  it('is a quote inside an unquoted field, also behind a space, and costs its line only', () => {
    const reading = readText('a,b"c,d\ne, "f",g\nh,i,j\n');
    // The second line is no whole record either, so it belongs to the same span.
    expect(summary(reading)).toEqual(['1: malformed_quotes <a,b"c,d\ne, "f",g>', '3: h|i|j']);
    expect(messages(reading)).toEqual(['field 2 holds a quote but does not begin with one (line 1)']);
    expect(summary(readText('a, "b",c\nd,e,f\n'))).toEqual(['1: malformed_quotes <a, "b",c>', '2: d|e|f']);
  });

  it('is text behind a closing quote', () => {
    const reading = readText('a,"b"c,d\ne,f,g\n');
    expect(summary(reading)).toEqual(['1: malformed_quotes <a,"b"c,d>', '2: e|f|g']);
    expect(messages(reading)).toEqual(['text follows the closing quote of field 2 (line 1)']);
  });

  it('is an unclosed quote, which costs its own row and not the rest of the file', () => {
    const reading = readText('a,b,c\nd,"e,f\ng,h,i\nj,k,l\n');
    expect(summary(reading)).toEqual(['1: a|b|c', '2: malformed_quotes <d,"e,f>', '3: g|h|i', '4: j|k|l']);
    expect(messages(reading)).toEqual(['the quote that opens field 2 is never closed']);
  });

  it('is found late where a later quoted field seems to close it, and reading still goes on at the next line', () => {
    const reading = readText('d,"e,f\ng,h,i\nj,"k",l\n');
    expect(summary(reading)).toEqual(['1: malformed_quotes <d,"e,f>', '2: g|h|i', '3: j|k|l']);
    expect(messages(reading)).toEqual(['text follows the closing quote of field 2 (line 3)']);
  });

  it('spans every line up to the next whole record: blank ones, short ones, ones that open a quote', () => {
    const reading = readText('a,"b"x,c\r\n\r\nd,e\r\nf,"g,h\r\ni,j,k\r\n');
    expect(summary(reading)).toEqual(['1: malformed_quotes <a,"b"x,c\r\n\r\nd,e\r\nf,"g,h>', '5: i|j|k']);
  });

  it('spans to the end of the file where no whole record comes', () => {
    const reading = readText('a,b,c\n"d\ne\nf');
    expect(summary(reading)).toEqual(['1: a|b|c', '2: malformed_quotes <"d\ne\nf>']);
    expect(reading.end).toEqual({ offset: 12, line: 4 });
  });

  it('ends before a line that is whole but not text, which is rejected for that', () => {
    const reading = readAll([Buffer.from('a"\nb,c,\xff\nd,e,f\n', 'latin1')]);
    expect(summary(reading)).toEqual(['1: malformed_quotes <a">', '2: invalid_encoding <b,c,\\xFF>', '3: d|e|f']);
  });

  it('does not end before a blank line, not even where a record is one field', () => {
    expect(summary(readText('a"\n\nb\n', { fieldCount: 1 }))).toEqual(['1: malformed_quotes <a">', '3: b']);
    expect(readText('a"\n\nb\n', { fieldCount: 1 }).seen[0]?.resume).toEqual({ offset: 4, line: 3 });
  });

  it('is a quote still open at the limit when a whole record stands within it', () => {
    const reading = readText(`a,"b\nc,d,e\n${'f,g,h\n'.repeat(20)}`, { maxRecordBytes: 30 });
    expect(summary(reading).slice(0, 3)).toEqual(['1: malformed_quotes <a,"b>', '2: c|d|e', '3: f|g|h']);
    expect(messages(reading)).toEqual(['the quote that opens field 2 is not closed within 30 bytes']);
    expect(reading.seen).toHaveLength(22);
  });

  it('keeps at most 4 KiB of its text', () => {
    const { seen } = readText(`a"\n${'b\n'.repeat(10_000)}c,d,e\n`);
    expect(seen).toMatchObject([{ line: 1, raw: { truncated: true } }, { line: 10_002 }]);
    expect(seen[0]?.kind === 'broken' && seen[0].raw.text.length).toBe(4096);
  });
});

describe('D9 record_too_long', () => {
  it('is a record over the limit, its line end not counted', () => {
    const reading = readText('aaaa,b,c\r\naaaaa,b,c\nd,e,f\n', { maxRecordBytes: 8 });
    expect(summary(reading)).toEqual(['1: aaaa|b|c', '2: record_too_long <aaaaa,b,c>', '3: d|e|f']);
    expect(messages(reading)).toEqual(['the record is longer than 8 bytes']);
  });

  it('counts what is inside quotes, and the quotes', () => {
    expect(summary(readText('"a\n",b,c\n', { maxRecordBytes: 8 }))).toEqual(['1: a\n|b|c']);
    expect(summary(readText('"a\n",bb,c\nd,e,f', { maxRecordBytes: 8 }))).toEqual([
      '1: record_too_long <"a\n",bb,c>',
      '3: d|e|f',
    ]);
  });

  it('is told from an unclosed quote by whether the whole record behind it ends within the limit', () => {
    const text = `a,"b\nc,d,e\n${'x\n'.repeat(20)}`;
    expect(readText(text, { maxRecordBytes: 10 }).seen).toMatchObject([
      { reason: 'malformed_quotes' },
      {},
      ...Array(20).fill({}),
    ]);
    expect(readText(text, { maxRecordBytes: 9 }).seen[0]).toMatchObject({
      reason: 'record_too_long',
      resume: { offset: 5 },
    });
  });

  it('is skipped to its line end, whatever quotes stand there', () => {
    expect(summary(readText('aaaaaaaaaa"b",",\nd,e,f\n', { maxRecordBytes: 8 }))).toEqual([
      '1: record_too_long <aaaaaaaaaa"b",",>',
      '2: d|e|f',
    ]);
  });

  it('is a quote still open at the limit with no whole record up to there, and goes up to the next one', () => {
    const reading = readText(`a,"${'b\n'.repeat(20)}c,d,e\nf,g,h\n`, { maxRecordBytes: 30 });
    expect(summary(reading).slice(1)).toEqual(['21: c|d|e', '22: f|g|h']);
    expect(reading.seen[0]).toMatchObject({ line: 1, reason: 'record_too_long' });
  });

  it('is a line over the limit at the end of the file', () => {
    const reading = readText('aaaaaaaaaa', { maxRecordBytes: 8 });
    expect(summary(reading)).toEqual(['1: record_too_long <aaaaaaaaaa>']);
    expect(reading.end).toEqual({ offset: 10, line: 1 });
  });
});
