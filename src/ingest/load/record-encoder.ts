import type { CorrectionRows } from '../corrections/correction-rows.ts';
import type { KnownReject } from '../corrections/corrections.ts';
import type { RawText } from '../csv/raw-text.ts';
import type { BrokenSpan, CsvRecord, RecordHandler } from '../csv/record-reader.ts';
import { EVENT_COLUMNS } from '../event-columns.ts';
import type { RejectReason } from '../reject-reason.ts';
import type { BatchTotals } from '../totals/batch-totals.ts';
import type { LocalTime } from '../transform/local-time.ts';
import type { Rejection } from '../transform/rejection.ts';
import { shapeOf } from '../transform/value-shape.ts';
import { BinaryRows } from './binary-rows.ts';
import { EventEncoder } from './event-encoder.ts';

const EVENT_FIELDS = 9;
const REJECT_FIELDS = 10;

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
  readonly #positions: readonly number[];
  readonly #corrections: CorrectionRows | undefined;
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
    /** adds up what becomes a row of `user_events`; undefined where none is loaded */
    readonly totals?: BatchTotals | undefined;
    /** called with each rejected record, beside the row that it becomes */
    readonly onReject?: (reject: RejectedRecord) => void;
    /** for a file of corrected rejects */
    readonly corrections?: CorrectionRows | undefined;
  }) {
    this.#onReject = options.onReject;
    this.#rejects = options.rows.rejects;
    this.#fileId = options.fileId;
    this.#positions = options.positions;
    this.#corrections = options.corrections;
    this.#eventEncoder = new EventEncoder({ ...options, rows: options.rows.events });
    this.counts = options.counts;
  }

  record(record: CsvRecord): void {
    this.last.offset = record.byteOffset;
    this.last.line = record.lineNumber;
    if (this.#corrections !== undefined) {
      this.#correction(this.#corrections, record);
      return;
    }
    const rejection = this.#eventEncoder.encode(record);
    if (rejection === undefined) this.#loaded();
    else this.#rejectValue(record, rejection);
  }

  broken(span: BrokenSpan): void {
    this.last.offset = span.byteOffset;
    this.last.line = span.lineNumber;
    const corrected = this.#corrections?.ofBroken(span.raw.text);
    this.#reject(span.lineNumber, span, null, null, span.raw, corrected);
  }

  #correction(corrections: CorrectionRows, marked: CsvRecord): void {
    const { record, corrected, refusal } = corrections.read(marked);
    if (refusal !== undefined) {
      this.#reject(record.lineNumber, refusal, null, null, record.raw(), corrected);
      return;
    }
    const rejection = this.#eventEncoder.encode(record);
    if (rejection !== undefined) {
      this.#rejectValue(record, rejection, corrected);
      return;
    }
    this.#loaded();
    if (corrected !== undefined) corrections.loaded(corrected);
  }

  #loaded(): void {
    this.counts.read += 1;
    this.counts.loaded += 1;
  }

  #rejectValue(record: CsvRecord, rejection: Rejection, corrected?: KnownReject): void {
    const field = this.#positions[EVENT_COLUMNS.indexOf(rejection.column)] ?? 0;
    const shape = shapeOf(record.bytes, record.start(field), record.end(field));
    this.#reject(record.lineNumber, rejection, rejection.column, shape, record.raw(), corrected);
  }

  #reject(
    lineNumber: number,
    { reason, message }: { readonly reason: RejectReason; readonly message: string },
    column: string | null,
    shape: string | null,
    raw: RawText,
    corrected: KnownReject | undefined,
  ): void {
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
    if (shape === null) row.null();
    else row.text(shape);
    if (corrected === undefined) {
      row.null();
      row.null();
    } else {
      row.bigint(corrected.chain.fileId);
      row.bigint(corrected.chain.line);
      this.#corrections?.rejected(corrected);
    }
    this.counts.read += 1;
    this.counts.rejected += 1;
    this.#onReject?.({ lineNumber, reason, column, message, raw });
    this.counts.rejectsByReason[reason] = (this.counts.rejectsByReason[reason] ?? 0) + 1;
  }
}
