import { isDeepStrictEqual } from 'node:util';
import { type Info, parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CsvInput, csvBytes, csvText, cuts, maxRecordBytes } from '../../support/csv-arbitraries.ts';
import { expectedReading, lineBreaksIn } from '../../support/csv-model.ts';
import { cutAt, READER_DEFAULTS, type Reading, readAll, type Seen } from '../../support/csv-reading.ts';
import { propertyRuns } from '../../support/property-runs.ts';

const FIELDS = READER_DEFAULTS.fieldCount;

/** Together 105,000 inputs in an ordinary run. */
const RUNS = { chunking: 22_000, model: 25_000, accounting: 17_000, resuming: 17_000, oracle: 24_000 };
const TIMEOUT = { timeout: 600_000 };

describe('D12 RecordReader, for any bytes in any dialect', () => {
  it('delivers the same however the bytes are cut into chunks', TIMEOUT, () => {
    fc.assert(
      fc.property(csvBytes, cuts, maxRecordBytes, ({ bytes, delimiter }, places, limit) => {
        const whole = read([bytes], delimiter, limit);
        expectSame(read(cutAt(bytes, places), delimiter, limit), whole);
        expectSame(read(cutAt(bytes, [...bytes.keys()]), delimiter, limit), whole);
      }),
      propertyRuns(RUNS.chunking),
    );
  });

  it('delivers what the rules say, as a second and slower reading of them does', TIMEOUT, () => {
    fc.assert(
      fc.property(csvBytes, maxRecordBytes, ({ bytes, delimiter }, limit) => {
        const { seen } = read([bytes], delimiter, limit);
        const expected = expectedReading(bytes, { delimiter, fieldCount: FIELDS, maxRecordBytes: limit });
        expectSame(seen.map(comparable), expected);
      }),
      propertyRuns(RUNS.model),
    );
  });

  it(
    'accounts for every byte once and in order: what is no record or span is a line end of a blank line',
    TIMEOUT,
    () => {
      fc.assert(
        fc.property(csvBytes, maxRecordBytes, ({ bytes, delimiter }, limit) => {
          const { seen, end } = read([bytes], delimiter, limit);
          const text = bytes.toString('latin1');
          const lineAt = (offset: number) => 1 + lineBreaksIn(text.slice(0, offset));
          let reached = 0;
          for (const { line, offset, resume } of seen) {
            const isGapBlank = /^[\r\n]*$/.test(text.slice(reached, offset));
            const positions = { isGapBlank, line, isAhead: resume.offset > offset, resumeLine: resume.line };
            expectSame(positions, {
              isGapBlank: true,
              line: lineAt(offset),
              isAhead: true,
              resumeLine: lineAt(resume.offset),
            });
            reached = resume.offset;
          }
          expectSame(/^[\r\n]*$/.test(text.slice(reached)), true);
          expectSame(end, { offset: bytes.length, line: lineAt(bytes.length) });
        }),
        propertyRuns(RUNS.accounting),
      );
    },
  );

  it('delivers the same rest when a new reader resumes behind anything delivered', TIMEOUT, () => {
    fc.assert(
      fc.property(csvBytes, maxRecordBytes, fc.nat(), ({ bytes, delimiter }, limit, choice) => {
        const whole = read([bytes], delimiter, limit);
        fc.pre(whole.seen.length > 0);
        const index = choice % whole.seen.length;
        const { offset, line } = whole.seen[index]?.resume ?? { offset: 0, line: 1 };
        const rest = read([bytes.subarray(offset)], delimiter, limit, { startOffset: offset, startLine: line });
        expectSame(rest, { seen: whole.seen.slice(index + 1), end: whole.end });
      }),
      propertyRuns(RUNS.resuming),
    );
  });
});

describe('D12 RecordReader and csv-parse', () => {
  it('agree on what is well-formed in any dialect, and then on every field and line', TIMEOUT, () => {
    fc.assert(
      fc.property(csvText, (input) => {
        const { seen } = read([input.bytes], input.delimiter, 100_000);
        const oracle = parseWithOracle(input);
        if (oracle === undefined) {
          expectSame(
            seen.some((item) => item.kind === 'broken'),
            true,
          );
          return;
        }
        // Where csv-parse takes a pair of broken quotes for a field of several lines, the reader saves the lines between.
        fc.pre(!oracle.some(({ record }) => record.length !== FIELDS && /[\r\n]/.test(record.join(','))));
        const isLineComparable = oracle.every(({ record }) => !record.some((field) => field.includes('\r\n')));
        expectSame(
          seen.map((item) => asOracle(item, isLineComparable)),
          oracle.map(({ record, info }) => ({
            fields: record.length === FIELDS ? record : 'column_count_mismatch',
            // csv-parse counts up to the line on which the record ends.
            firstLine: isLineComparable ? info.lines - lineBreaksIn(record.join(',')) : 'not comparable',
          })),
        );
      }),
      propertyRuns(RUNS.oracle),
    );
  });
});

function read(chunks: readonly Buffer[], delimiter: string, maxRecordBytes: number, start = {}): Reading {
  return readAll(chunks, { delimiter: delimiter.charCodeAt(0), maxRecordBytes, ...start });
}

/** Says what differs only where something does: asking vitest costs more than reading the input. */
function expectSame(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toStrictEqual(expected);
}

function comparable(item: Seen) {
  const { kind, line, offset } = item;
  const end = item.resume.offset;
  return item.kind === 'record'
    ? { kind, line, offset, end, fields: item.fields }
    : { kind, line, offset, end, reason: item.reason };
}

/** Undefined when csv-parse refuses it. */
function parseWithOracle({ bytes, delimiter }: CsvInput): { record: string[]; info: Info }[] | undefined {
  try {
    return parse(bytes, {
      delimiter,
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
