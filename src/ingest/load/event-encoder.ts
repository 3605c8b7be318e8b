import type { CsvRecord } from '../csv/record-view.ts';
import type { EventType } from '../event-columns.ts';
import type { BatchTotals } from '../totals/batch-totals.ts';
import { eventTypeRejection, readEventType } from '../transform/event-type.ts';
import type { LocalTime } from '../transform/local-time.ts';
import { priceRejection, readCents } from '../transform/price.ts';
import type { Rejection } from '../transform/rejection.ts';
import { cleanIdentifier, cleanVerbatimText, IDENTIFIER_LIMIT, VERBATIM_LIMITS } from '../transform/text.ts';
import { type Instant, readTimestamp, timestampRejection } from '../transform/timestamp.ts';
import { type BinaryRows, LENGTH } from './binary-rows.ts';

const { product_name: PRODUCT_NAME_LIMIT, session_id: SESSION_ID_LIMIT } = VERBATIM_LIMITS;

/** First bytes of the characters beyond ASCII among which there is white space, U+00A0 to U+FEFF. */
const MAY_BEGIN_WHITE_SPACE: ReadonlySet<number> = new Set([0xc2, 0xe1, 0xe2, 0xe3, 0xef]);
/** 1 for a first byte that no white space begins with: such a text is neither missing nor to be trimmed there. */
const BEGINS_TEXT = Uint8Array.from({ length: 256 }, (_, code) => {
  const isPrintableAscii = code > 0x20 && code < 0x7f;
  const isLeadByte = code >= 0xc2 && !MAY_BEGIN_WHITE_SPACE.has(code);
  return isPrintableAscii || isLeadByte ? 1 : 0;
});

/**
 * Checks the fields of a record and writes them as a row of `user_events`, straight from the bytes of the file to the
 * bytes of the COPY. A field becomes a string only where bytes do not tell: letters beyond ASCII in an identifier, white
 * space to trim, doubled quotes, lengths near the limit, and whatever is rejected.
 */
export class EventEncoder {
  readonly #rows: BinaryRows;
  readonly #fileId: number;
  readonly #userId: number;
  readonly #eventType: number;
  readonly #timestamp: number;
  readonly #productId: number;
  readonly #productName: number;
  readonly #price: number;
  readonly #sessionId: number;
  readonly #instantOfLocalTime: LocalTime;
  readonly #totals: BatchTotals | undefined;
  readonly #instant: Instant = { ms: 0, micros: 0 };
  #type: EventType = 'view';
  #cents = 0;

  constructor(options: {
    readonly rows: BinaryRows;
    readonly fileId: number;
    /** for each of EVENT_COLUMNS, in their order, the position of its field in a record */
    readonly positions: readonly number[];
    readonly instantOfLocalTime: LocalTime;
    /** adds up the rows that are written; undefined where nobody loads them */
    readonly totals?: BatchTotals | undefined;
  }) {
    this.#rows = options.rows;
    this.#totals = options.totals;
    this.#fileId = options.fileId;
    const [userId = 0, eventType = 0, timestamp = 0, productId = 0, productName = 0, price = 0, sessionId = 0] =
      options.positions;
    this.#userId = userId;
    this.#eventType = eventType;
    this.#timestamp = timestamp;
    this.#productId = productId;
    this.#productName = productName;
    this.#price = price;
    this.#sessionId = sessionId;
    this.#instantOfLocalTime = options.instantOfLocalTime;
  }

  /** Writes a row, or nothing, and then answers with the first rule that the record breaks. */
  encode(record: CsvRecord): Rejection | undefined {
    this.#rows.beginRow();
    const userAt = this.#rows.byteLength;
    // In the order of EVENT_COLUMNS, which is that of the columns in the COPY and that in which rules are checked.
    const rejection =
      this.#writeIdentifier('user_id', record, this.#userId) ??
      this.#writeEventType(record, this.#eventType) ??
      this.#writeTimestamp(record, this.#timestamp) ??
      this.#writeIdentifier('product_id', record, this.#productId) ??
      this.#writeVerbatimText('product_name', record, this.#productName, PRODUCT_NAME_LIMIT) ??
      this.#writePrice(record, this.#price) ??
      this.#writeVerbatimText('session_id', record, this.#sessionId, SESSION_ID_LIMIT);
    if (rejection !== undefined) {
      this.#rows.dropRow();
      return rejection;
    }
    this.#rows.bigint(this.#fileId);
    this.#rows.bigint(record.lineNumber);
    if (this.#totals !== undefined) this.#count(this.#totals, userAt);
    return undefined;
  }

  /** The user id is taken from where it was written: there it is as it is stored. */
  #count(totals: BatchTotals, userAt: number): void {
    const { bytes } = this.#rows;
    const start = userAt + LENGTH;
    const end = start + bytes.readInt32BE(userAt);
    totals.add(bytes, start, end, this.#type, this.#instant.ms, this.#instant.micros, this.#cents);
  }

  #writeIdentifier(column: 'user_id' | 'product_id', record: CsvRecord, field: number): Rejection | undefined {
    const { bytes } = record;
    const start = record.start(field);
    const end = record.end(field);
    const isPlain =
      end > start &&
      end - start <= IDENTIFIER_LIMIT &&
      BEGINS_TEXT[bytes[start] as number] === 1 &&
      BEGINS_TEXT[bytes[end - 1] as number] === 1;
    if (isPlain && this.#rows.upperCaseAscii(bytes, start, end)) return undefined;
    const identifier = cleanIdentifier(column, record.text(field));
    if (typeof identifier === 'object') return identifier;
    this.#rows.text(identifier);
    return undefined;
  }

  #writeEventType(record: CsvRecord, field: number): Rejection | undefined {
    const known = readEventType(record.bytes, record.start(field), record.end(field));
    if (known === undefined) return eventTypeRejection(record.text(field));
    this.#type = known.name;
    this.#rows.utf8(known.bytes, 0, known.bytes.length);
    return undefined;
  }

  #writeTimestamp(record: CsvRecord, field: number): Rejection | undefined {
    const instant = this.#instant;
    const fault = readTimestamp(
      record.bytes,
      record.start(field),
      record.end(field),
      this.#instantOfLocalTime,
      instant,
    );
    if (fault !== undefined) return timestampRejection(record.text(field), fault);
    this.#rows.timestamp(instant.ms, instant.micros);
    return undefined;
  }

  #writePrice(record: CsvRecord, field: number): Rejection | undefined {
    const cents = readCents(record.bytes, record.start(field), record.end(field));
    if (typeof cents === 'string') return priceRejection(record.text(field), cents);
    this.#cents = cents;
    this.#rows.cents(cents);
    return undefined;
  }

  #writeVerbatimText(
    column: 'product_name' | 'session_id',
    record: CsvRecord,
    field: number,
    limit: number,
  ): Rejection | undefined {
    const { bytes } = record;
    const start = record.start(field);
    const end = record.end(field);
    const isPlain =
      end > start &&
      // No text has more characters than bytes.
      end - start <= limit &&
      BEGINS_TEXT[bytes[start] as number] === 1 &&
      !record.hasEscapedQuotes(field);
    if (isPlain) {
      this.#rows.utf8(bytes, start, end);
      return undefined;
    }
    const text = cleanVerbatimText(column, record.text(field));
    if (typeof text === 'object') return text;
    this.#rows.text(text);
    return undefined;
  }
}
