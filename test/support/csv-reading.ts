import {
  type BrokenSpan,
  type CsvRecord,
  RecordReader,
  type RecordReaderOptions,
} from '../../src/ingest/csv/record-reader.ts';

export interface RecordSeen {
  kind: 'record';
  line: number;
  offset: number;
  fields: string[];
  raw: string;
  /** Where a load could resume after it. */
  resume: { offset: number; line: number };
}

export interface SpanSeen {
  kind: 'broken';
  line: number;
  offset: number;
  reason: BrokenSpan['reason'];
  message: string;
  raw: BrokenSpan['raw'];
  resume: { offset: number; line: number };
}

export type Seen = RecordSeen | SpanSeen;

export interface Reading {
  seen: Seen[];
  end: { offset: number; line: number };
}

const ESCAPED_QUOTE = Buffer.from('""');

/** Small enough to hit, so that generated inputs go over it. */
export const READER_DEFAULTS: RecordReaderOptions = {
  delimiter: 0x2c,
  fieldCount: 3,
  maxRecordBytes: 1000,
  startOffset: 0,
  startLine: 1,
};

/** Reads the chunks to the end and notes all that is delivered. */
export function readAll(chunks: readonly Buffer[], options: Partial<RecordReaderOptions> = {}): Reading {
  const seen: Seen[] = [];
  const reader: RecordReader = new RecordReader(
    { ...READER_DEFAULTS, ...options },
    {
      record: (record) => seen.push(recordSeen(record, positionOf(reader))),
      broken: (span) => seen.push(spanSeen(span, positionOf(reader))),
    },
  );
  for (const chunk of chunks) {
    const lent = Buffer.from(chunk);
    reader.push(lent);
    // The chunk is the caller's again, so the reader must not look at it later.
    lent.fill(0x21);
  }
  reader.end();
  return { seen, end: positionOf(reader) };
}

export function readText(text: string, options: Partial<RecordReaderOptions> = {}): Reading {
  return readAll([Buffer.from(text)], options);
}

/** The bytes cut at the given places (any numbers, taken modulo the length). */
export function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...cuts, bytes.length].map((cut, index) => bytes.subarray(index === 0 ? 0 : cuts[index - 1], cut));
}

function positionOf(reader: RecordReader): { offset: number; line: number } {
  return { offset: reader.offset, line: reader.line };
}

function recordSeen(record: CsvRecord, resume: RecordSeen['resume']): RecordSeen {
  const fields = Array.from({ length: record.fieldCount }, (_, index) => textOf(record, index));
  return {
    kind: 'record',
    line: record.lineNumber,
    offset: record.byteOffset,
    fields,
    raw: record.raw().text,
    resume,
  };
}

/** @throws Error if the record says the wrong thing of its quotes: callers that read bytes rely on it */
function textOf(record: CsvRecord, index: number): string {
  const at = record.bytes.indexOf(ESCAPED_QUOTE, record.start(index));
  const holdsEscapes = at !== -1 && at + ESCAPED_QUOTE.length <= record.end(index);
  if (record.hasEscapedQuotes(index) === holdsEscapes) return record.text(index);
  throw new Error(`field ${index} of line ${record.lineNumber} ${holdsEscapes ? 'has' : 'has no'} escaped quotes`);
}

function spanSeen(span: BrokenSpan, resume: SpanSeen['resume']): SpanSeen {
  const { lineNumber, byteOffset, reason, message, raw } = span;
  return { kind: 'broken', line: lineNumber, offset: byteOffset, reason, message, raw, resume };
}
