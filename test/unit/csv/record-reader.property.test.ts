import { type Info, parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvBytes, csvText, cuts, maxRecordBytes, propertyRuns } from '../../support/csv-arbitraries.ts';
import { expectedReading, lineBreaksIn } from '../../support/csv-model.ts';
import { cutAt, READER_DEFAULTS, readAll, readText, type Seen } from '../../support/csv-reading.ts';

const FIELDS = READER_DEFAULTS.fieldCount;

describe('RecordReader, for any bytes', () => {
  it('delivers the same however the bytes are cut into chunks', () => {
    fc.assert(
      fc.property(csvBytes, cuts, maxRecordBytes, (bytes, places, limit) => {
        const whole = readAll([bytes], { maxRecordBytes: limit });
        expect(readAll(cutAt(bytes, places), { maxRecordBytes: limit })).toEqual(whole);
        expect(readAll(cutAt(bytes, [...bytes.keys()]), { maxRecordBytes: limit })).toEqual(whole);
      }),
      { numRuns: propertyRuns() },
    );
  });

  it('delivers what the rules say, as a second and slower reading of them does', () => {
    fc.assert(
      fc.property(csvBytes, maxRecordBytes, (bytes, limit) => {
        const { seen } = readAll([bytes], { maxRecordBytes: limit });
        expect(seen.map(comparable)).toEqual(expectedReading(bytes, FIELDS, limit));
      }),
      { numRuns: propertyRuns(1.5) },
    );
  });

  it('accounts for every byte once and in order: what is no record or span is a line end of a blank line', () => {
    fc.assert(
      fc.property(csvBytes, maxRecordBytes, (bytes, limit) => {
        const { seen, end } = readAll([bytes], { maxRecordBytes: limit });
        const text = bytes.toString('latin1');
        let reached = 0;
        for (const item of seen) {
          expect(text.slice(reached, item.offset)).toMatch(/^[\r\n]*$/);
          expect(item.line).toBe(1 + lineBreaksIn(text.slice(0, item.offset)));
          expect(item.resume.offset).toBeGreaterThan(item.offset);
          expect(item.resume.line).toBe(1 + lineBreaksIn(text.slice(0, item.resume.offset)));
          reached = item.resume.offset;
        }
        expect(text.slice(reached)).toMatch(/^[\r\n]*$/);
        expect(end).toEqual({ offset: bytes.length, line: 1 + lineBreaksIn(text) });
      }),
      { numRuns: propertyRuns(0.5) },
    );
  });

  it('delivers the same rest when a new reader resumes behind anything delivered', () => {
    fc.assert(
      fc.property(csvBytes, maxRecordBytes, fc.nat(), (bytes, limit, choice) => {
        const whole = readAll([bytes], { maxRecordBytes: limit });
        fc.pre(whole.seen.length > 0);
        const index = choice % whole.seen.length;
        const { offset, line } = whole.seen[index]?.resume ?? { offset: 0, line: 1 };
        const rest = readAll([bytes.subarray(offset)], { maxRecordBytes: limit, startOffset: offset, startLine: line });
        expect(rest).toEqual({ seen: whole.seen.slice(index + 1), end: whole.end });
      }),
      { numRuns: propertyRuns(0.5) },
    );
  });
});

describe('RecordReader and csv-parse', () => {
  it('agree on what is well-formed, and then on every field and line', () => {
    fc.assert(
      fc.property(csvText, (text) => {
        const { seen } = readText(text, { maxRecordBytes: 100_000 });
        const oracle = parseWithOracle(text);
        const isMalformed = seen.some((item) => item.kind === 'broken' && item.reason === 'malformed_quotes');
        if (oracle === undefined) {
          expect(seen.some((item) => item.kind === 'broken')).toBe(true);
          return;
        }
        // Where csv-parse takes a pair of broken quotes for a field of several lines, the reader saves the lines between.
        fc.pre(!oracle.some(({ record }) => record.length !== FIELDS && /[\r\n]/.test(record.join(','))));
        const isLineComparable = oracle.every(({ record }) => !record.some((field) => field.includes('\r\n')));
        expect(isMalformed).toBe(false);
        expect(seen.map((item) => asOracle(item, isLineComparable))).toEqual(
          oracle.map(({ record, info }) => ({
            fields: record.length === FIELDS ? record : 'column_count_mismatch',
            // csv-parse counts up to the line on which the record ends.
            firstLine: isLineComparable ? info.lines - lineBreaksIn(record.join(',')) : 'not comparable',
          })),
        );
      }),
      { numRuns: propertyRuns() },
    );
  });
});

function comparable(item: Seen) {
  const { kind, line, offset } = item;
  const end = item.resume.offset;
  return item.kind === 'record'
    ? { kind, line, offset, end, fields: item.fields }
    : { kind, line, offset, end, reason: item.reason };
}

/** Undefined when csv-parse refuses it. */
function parseWithOracle(text: string): { record: string[]; info: Info }[] | undefined {
  try {
    return parse(text, {
      delimiter: ',',
      info: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as { record: string[]; info: Info }[];
  } catch {
    return undefined;
  }
}

function asOracle(item: Seen, isLineComparable: boolean) {
  return {
    fields: item.kind === 'record' ? item.fields : item.reason,
    firstLine: isLineComparable ? item.line : 'not comparable',
  };
}
