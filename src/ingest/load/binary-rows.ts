/**
 * Rows in the binary format of COPY: https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-BINARY-FORMAT
 * Values are written as the `*_recv` functions of their types read them, all in network byte order.
 */

/** Signature, no flags, no header extension. */
const FILE_HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const FILE_TRAILER = Buffer.from([0xff, 0xff]);
const NULL_LENGTH = -1;
/** 2000-01-01T00:00:00Z, from which PostgreSQL counts its microseconds, in milliseconds since 1970. */
const POSTGRES_EPOCH_MS = 946_684_800_000;
const TWO_TO_32 = 2 ** 32;
const NUMERIC_POSITIVE = 0x0000;
const MAX_UTF8_PER_UNIT = 3;

/** A growing buffer of encoded rows; `take` hands over what it holds. */
export class BinaryRows {
  readonly #columns: number;
  #buffer: Buffer;
  #end = 0;
  #rows = 0;

  constructor(columns: number, capacity = 256 * 1024) {
    this.#columns = columns;
    this.#buffer = Buffer.allocUnsafeSlow(capacity);
  }

  /** Rows begun since the last `take`. */
  get rows(): number {
    return this.#rows;
  }

  /** Encoded bytes since the last `take`. */
  get byteLength(): number {
    return this.#end;
  }

  static header(): Buffer {
    return FILE_HEADER;
  }

  static trailer(): Buffer {
    return FILE_TRAILER;
  }

  beginRow(): void {
    this.#reserve(2);
    this.#buffer.writeInt16BE(this.#columns, this.#end);
    this.#end += 2;
    this.#rows += 1;
  }

  null(): void {
    this.#reserve(4);
    this.#buffer.writeInt32BE(NULL_LENGTH, this.#end);
    this.#end += 4;
  }

  text(value: string): void {
    this.#reserve(4 + value.length * MAX_UTF8_PER_UNIT);
    const length = this.#buffer.write(value, this.#end + 4, 'utf8');
    this.#buffer.writeInt32BE(length, this.#end);
    this.#end += 4 + length;
  }

  boolean(value: boolean): void {
    this.#reserve(5);
    this.#buffer.writeInt32BE(1, this.#end);
    this.#buffer[this.#end + 4] = value ? 1 : 0;
    this.#end += 5;
  }

  /** int8 from a non-negative safe integer. */
  bigint(value: number): void {
    this.#reserve(12);
    this.#int64(Math.floor(value / TWO_TO_32), value % TWO_TO_32);
  }

  /** timestamptz from milliseconds since 1970 and 0–999 microseconds: int8 microseconds since 2000. */
  timestamp(milliseconds: number, microseconds: number): void {
    this.#reserve(12);
    // Microseconds up to the year 9999 exceed what a double holds exactly, so the two halves are made apart.
    const sinceEpoch = milliseconds - POSTGRES_EPOCH_MS;
    const high = Math.floor(sinceEpoch / TWO_TO_32);
    const low = (sinceEpoch - high * TWO_TO_32) * 1000 + microseconds;
    this.#int64(high * 1000 + Math.floor(low / TWO_TO_32), low % TWO_TO_32);
  }

  /** numeric with two decimals from 1 to 9,999,999,999 cents: base-10000 digits, the fraction in the last one. */
  cents(value: number): void {
    this.#reserve(4 + 8 + 6);
    const whole = Math.floor(value / 100);
    const fraction = (value % 100) * 100;
    const digits: [number, number, number] = [Math.floor(whole / 10_000), whole % 10_000, fraction];
    const first = digits[0] > 0 ? 0 : whole > 0 ? 1 : 2;
    const last = fraction > 0 ? 2 : digits[1] > 0 ? 1 : 0;
    const start = this.#end;
    let at = this.#buffer.writeInt32BE(8 + (last - first + 1) * 2, start);
    at = this.#buffer.writeInt16BE(last - first + 1, at);
    at = this.#buffer.writeInt16BE(1 - first, at);
    at = this.#buffer.writeUInt16BE(NUMERIC_POSITIVE, at);
    at = this.#buffer.writeInt16BE(2, at);
    for (const digit of digits.slice(first, last + 1)) at = this.#buffer.writeInt16BE(digit, at);
    this.#end = at;
  }

  /** What was encoded since the last call. The caller owns the bytes: nothing is written into them afterwards. */
  take(): Buffer {
    const taken = this.#buffer.subarray(0, this.#end);
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(this.#end, 64 * 1024));
    this.#end = 0;
    this.#rows = 0;
    return taken;
  }

  #int64(high: number, low: number): void {
    this.#buffer.writeInt32BE(8, this.#end);
    this.#buffer.writeInt32BE(high, this.#end + 4);
    this.#buffer.writeUInt32BE(low, this.#end + 8);
    this.#end += 12;
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#end + bytes));
    this.#buffer.copy(larger, 0, 0, this.#end);
    this.#buffer = larger;
  }
}
