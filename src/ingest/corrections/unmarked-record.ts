import { unmarked } from '../csv/formula-mark.ts';
import type { CsvRecord } from '../csv/record-reader.ts';

const MARK = 0x27;

/** The record with the marks taken off its cells that rejects as CSV have; the record itself where it has none. */
export function unmarkedRecord(record: CsvRecord): CsvRecord {
  const end = record.end(record.fieldCount - 1);
  if (!record.bytes.subarray(record.start(0), end).includes(MARK)) return record;
  const texts = Array.from({ length: record.fieldCount }, (_, field) => unmarked(record.text(field)));
  const ends: number[] = [];
  let length = 0;
  for (const text of texts) {
    length += Buffer.byteLength(text);
    ends.push(length);
  }
  return {
    lineNumber: record.lineNumber,
    byteOffset: record.byteOffset,
    fieldCount: record.fieldCount,
    bytes: Buffer.from(texts.join('')),
    text: (field) => texts[field] ?? record.text(field),
    start: (field) => (field === 0 ? 0 : (ends[field - 1] ?? record.start(field))),
    end: (field) => ends[field] ?? record.end(field),
    hasEscapedQuotes: () => false,
    raw: () => record.raw(),
  };
}
