import type { RawText } from '../csv/raw-text.ts';
import type { BrokenSpan, CsvRecord, RecordHandler } from '../csv/record-reader.ts';
import type { RejectReason } from '../reject-reason.ts';
import type { CleanEvent, TransformResult } from '../transform/clean-event.ts';
import { BinaryRows } from './binary-rows.ts';

const EVENT_FIELDS = 9;
const REJECT_FIELDS = 7;

export interface RowCounts {
  read: number;
  loaded: number;
  rejected: number;
  readonly rejectsByReason: Record<string, number>;
}

/** Takes the records of a file, and turns each into a row for `user_events` or one for `rejected_rows`. */
export class RecordEncoder implements RecordHandler {
  readonly events = new BinaryRows(EVENT_FIELDS);
  readonly rejects = new BinaryRows(REJECT_FIELDS, 64 * 1024);
  readonly counts: RowCounts;
  /** where the record or broken span that came last begins; -1 before the first */
  lastOffset = -1;
  lastLine = 0;
  readonly #fileId: number;
  readonly #positions: readonly number[];
  readonly #transform: (values: readonly string[]) => TransformResult;
  readonly #values: string[];

  constructor(options: {
    readonly fileId: number;
    /** for each event column the position of its field in a record */
    readonly positions: readonly number[];
    readonly transform: (values: readonly string[]) => TransformResult;
    /** what earlier commits have counted */
    readonly counts: RowCounts;
  }) {
    this.#fileId = options.fileId;
    this.#positions = options.positions;
    this.#transform = options.transform;
    this.#values = options.positions.map(() => '');
    this.counts = options.counts;
  }

  record(record: CsvRecord): void {
    this.lastOffset = record.byteOffset;
    this.lastLine = record.lineNumber;
    for (let column = 0; column < this.#values.length; column += 1) {
      this.#values[column] = record.text(this.#positions[column] ?? 0);
    }
    const result = this.#transform(this.#values);
    if (result.ok) {
      this.#load(result.event, record.lineNumber);
    } else {
      const { reason, column, message } = result.rejection;
      this.#reject(record.lineNumber, reason, column, message, record.raw());
    }
  }

  broken(span: BrokenSpan): void {
    this.lastOffset = span.byteOffset;
    this.lastLine = span.lineNumber;
    this.#reject(span.lineNumber, span.reason, null, span.message, span.raw);
  }

  #load(event: CleanEvent, lineNumber: number): void {
    const row = this.events;
    row.beginRow();
    row.text(event.userId);
    row.text(event.eventType);
    row.timestamp(event.timestampMs, event.timestampMicros);
    row.text(event.productId);
    row.text(event.productName);
    row.cents(event.priceCents);
    row.text(event.sessionId);
    row.bigint(this.#fileId);
    row.bigint(lineNumber);
    this.counts.read += 1;
    this.counts.loaded += 1;
  }

  #reject(lineNumber: number, reason: RejectReason, column: string | null, message: string, raw: RawText): void {
    const row = this.rejects;
    row.beginRow();
    row.bigint(this.#fileId);
    row.bigint(lineNumber);
    row.text(reason);
    if (column === null) row.null();
    else row.text(column);
    row.text(message);
    row.text(raw.text);
    row.boolean(raw.truncated);
    this.counts.read += 1;
    this.counts.rejected += 1;
    this.counts.rejectsByReason[reason] = (this.counts.rejectsByReason[reason] ?? 0) + 1;
  }
}
