import type { RawText } from '../csv/raw-text.ts';
import type { BrokenSpan, CsvRecord, RecordHandler } from '../csv/record-reader.ts';
import type { RejectReason } from '../reject-reason.ts';
import type { LocalTime } from '../transform/local-time.ts';
import { BinaryRows } from './binary-rows.ts';
import { EventEncoder } from './event-encoder.ts';

const EVENT_FIELDS = 9;
const REJECT_FIELDS = 7;

/** Encoded rows that wait to be sent, of one file or of several. */
export interface EncodedRows {
  readonly events: BinaryRows;
  readonly rejects: BinaryRows;
}

export function createEncodedRows(): EncodedRows {
  return { events: new BinaryRows(EVENT_FIELDS), rejects: new BinaryRows(REJECT_FIELDS, 64 * 1024) };
}

export interface RowCounts {
  read: number;
  loaded: number;
  rejected: number;
  readonly rejectsByReason: Record<string, number>;
}

/** A record that becomes a row for `rejected_rows`. */
export interface RejectedRecord {
  readonly lineNumber: number;
  readonly reason: RejectReason;
  readonly column: string | null;
  readonly message: string;
  readonly raw: RawText;
}

/** Takes the records of a file, and turns each into a row for `user_events` or one for `rejected_rows`. */
export class RecordEncoder implements RecordHandler {
  readonly counts: RowCounts;
  /** where the record or broken span that came last begins; -1 before the first */
  readonly last = { offset: -1, line: 0 };
  readonly #fileId: number;
  readonly #eventEncoder: EventEncoder;
  readonly #rejects: BinaryRows;
  readonly #onReject: ((reject: RejectedRecord) => void) | undefined;

  constructor(options: {
    readonly fileId: number;
    /** for each event column the position of its field in a record */
    readonly positions: readonly number[];
    readonly instantOfLocalTime: LocalTime;
    /** what earlier commits have counted */
    readonly counts: RowCounts;
    readonly rows: EncodedRows;
    /** called with each rejected record, beside the row that it becomes */
    readonly onReject?: (reject: RejectedRecord) => void;
  }) {
    this.#onReject = options.onReject;
    this.#rejects = options.rows.rejects;
    this.#fileId = options.fileId;
    this.#eventEncoder = new EventEncoder({ ...options, rows: options.rows.events });
    this.counts = options.counts;
  }

  record(record: CsvRecord): void {
    this.last.offset = record.byteOffset;
    this.last.line = record.lineNumber;
    const rejection = this.#eventEncoder.encode(record);
    if (rejection === undefined) {
      this.counts.read += 1;
      this.counts.loaded += 1;
    } else {
      const { reason, column, message } = rejection;
      this.#reject(record.lineNumber, reason, column, message, record.raw());
    }
  }

  broken(span: BrokenSpan): void {
    this.last.offset = span.byteOffset;
    this.last.line = span.lineNumber;
    this.#reject(span.lineNumber, span.reason, null, span.message, span.raw);
  }

  #reject(lineNumber: number, reason: RejectReason, column: string | null, message: string, raw: RawText): void {
    const row = this.#rejects;
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
    this.#onReject?.({ lineNumber, reason, column, message, raw });
    this.counts.rejectsByReason[reason] = (this.counts.rejectsByReason[reason] ?? 0) + 1;
  }
}
