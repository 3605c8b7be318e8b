import { RecordReader } from '../../src/ingest/csv/record-reader.ts';
import { EVENT_COLUMNS, type EventColumn } from '../../src/ingest/event-columns.ts';
import { BinaryRows } from '../../src/ingest/load/binary-rows.ts';
import { EventEncoder } from '../../src/ingest/load/event-encoder.ts';
import { createLocalTime, type LocalTime } from '../../src/ingest/transform/local-time.ts';
import type { Rejection } from '../../src/ingest/transform/rejection.ts';
import { centsOfNumeric, copyRows, int8Of, microsOfTimestamp, textOf } from './copy-rows.ts';
import { type CsvStyle, csvLine, PLAIN_STYLE } from './csv-line.ts';
import { cutAt } from './csv-reading.ts';

/** A value for each column of an event. */
export type EventValues = Readonly<Record<EventColumn, string>>;

/** A row as the COPY carries it. */
export interface EncodedEvent {
  readonly userId: string;
  readonly eventType: string;
  /** since 1970 */
  readonly micros: bigint;
  readonly productId: string;
  readonly productName: string;
  readonly cents: bigint;
  readonly sessionId: string;
  readonly fileId: bigint;
  readonly line: bigint;
}

export interface EncodingOptions {
  readonly style: CsvStyle;
  /** the columns as the file has them; a name that is no event column is an extra one */
  readonly columns: readonly string[];
  readonly fileId: number;
  readonly startLine: number;
  readonly instantOfLocalTime: LocalTime;
  /** bytes that the row buffer begins with */
  readonly capacity: number;
  /** where the file is cut into chunks, any numbers */
  readonly cuts: readonly number[];
}

const DEFAULTS: EncodingOptions = {
  style: PLAIN_STYLE,
  columns: EVENT_COLUMNS,
  fileId: 1,
  startLine: 2,
  instantOfLocalTime: createLocalTime('UTC'),
  capacity: 16,
  cuts: [],
};

const EXTRA_VALUE = 'extra, "value"';

/**
 * Writes the rows as the records of a file and takes them the way of a load: bytes → reader → encoder → rows of a COPY.
 * @throws Error if a row was no record, if a rejected row has left bytes behind, or if rows and answers do not agree
 */
export function encodeRows(
  rows: readonly EventValues[],
  options: Partial<EncodingOptions> = {},
): (EncodedEvent | Rejection)[] {
  const used = { ...DEFAULTS, ...options };
  const encoded = new BinaryRows(9, used.capacity);
  const positions = EVENT_COLUMNS.map((column) => used.columns.indexOf(column));
  const encoder = new EventEncoder({ ...used, rows: encoded, positions });
  const outcomes: (Rejection | 'encoded')[] = [];
  const reader = new RecordReader(
    {
      delimiter: used.style.delimiter.charCodeAt(0),
      fieldCount: used.columns.length,
      maxRecordBytes: 10_000_000,
      startOffset: 0,
      startLine: used.startLine,
    },
    {
      record: (record) => {
        const before = { rows: encoded.rows, bytes: encoded.byteLength };
        const rejection = encoder.encode(record);
        outcomes.push(rejection ?? 'encoded');
        if (rejection === undefined) return;
        if (encoded.rows === before.rows && encoded.byteLength === before.bytes) return;
        throw new Error(`a rejected row has left ${encoded.byteLength - before.bytes} bytes behind`);
      },
      broken: (span) => {
        throw new Error(`line ${span.lineNumber} is no record: ${span.reason}, ${span.message}`);
      },
    },
  );
  const bytes = Buffer.from(rows.map((row) => lineOf(row, used) + used.style.lineEnd).join(''));
  for (const chunk of cutAt(bytes, used.cuts)) {
    // The chunk is the caller's again after the push, so nothing may be read from it later.
    const lent = Buffer.from(chunk);
    reader.push(lent);
    lent.fill(0x21);
  }
  reader.end();

  const rowCount = encoded.rows;
  const events = copyRows(encoded.take()).map(eventOf);
  const expectedCount = outcomes.filter((outcome) => outcome === 'encoded').length;
  if (events.length !== expectedCount || rowCount !== expectedCount || outcomes.length !== rows.length) {
    const counts = `${rows.length} rows, ${outcomes.length} answers, ${expectedCount} of them without a fault`;
    throw new Error(`${counts}, but ${events.length} rows encoded and ${rowCount} counted`);
  }
  let next = 0;
  return outcomes.map((outcome) => (outcome === 'encoded' ? taken(events[next++]) : outcome));
}

function lineOf(row: EventValues, { columns, style }: EncodingOptions): string {
  return csvLine(
    columns.map((column) => (row as Readonly<Record<string, string>>)[column] ?? EXTRA_VALUE),
    style,
  );
}

function eventOf(fields: ReturnType<typeof copyRows>[number]): EncodedEvent {
  if (fields.length !== 9) throw new TypeError(`the row has ${fields.length} fields`);
  const [userId, eventType, timestamp, productId, productName, price, sessionId, fileId, line] = fields;
  return {
    userId: textOf(userId),
    eventType: textOf(eventType),
    micros: microsOfTimestamp(timestamp),
    productId: textOf(productId),
    productName: textOf(productName),
    cents: centsOfNumeric(price),
    sessionId: textOf(sessionId),
    fileId: int8Of(fileId),
    line: int8Of(line),
  };
}

function taken(event: EncodedEvent | undefined): EncodedEvent {
  if (event === undefined) throw new TypeError('there are fewer rows than answers');
  return event;
}
