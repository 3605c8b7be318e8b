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
const CENTS_SCALE = 2;
const MAX_UTF8_PER_UNIT = 3;
/** What stands before a field: its length, in bytes. */
export const LENGTH = 4;
/** From here on one native call is cheaper than a loop over the bytes (docs/decisions/0007-hot-path.md). */
const COPY_NATIVELY_FROM = 128;

const QUOTE = 0x22;
const LOWER_A = 0x61;
const LOWER_Z = 0x7a;
const CASE_BIT = 0x20;

/** For each ASCII byte its upper case; 0 for what has to be looked at as text: any other byte, and quotes, which may be doubled. */
const UPPER_CASE = Uint8Array.from({ length: 256 }, (_, code) => {
  if (code >= 0x80 || code === QUOTE) return 0;
  return code >= LOWER_A && code <= LOWER_Z ? code - CASE_BIT : code;
});

/** A chunk of nothing but tiny rejects takes fifty times its size; such a buffer is not kept for ordinary ones. */
const LARGEST_KEPT_BYTES = 4 * 1024 * 1024;

/** A growing buffer of encoded rows; `take` hands over what it holds, `reuse` brings the memory back. */
export class BinaryRows {
  readonly #columns: number;
  #bytes: Buffer;
  #spare: Buffer | undefined;
  #end = 0;
  #rowStart = 0;
  #rows = 0;

  constructor(columns: number, capacity = 256 * 1024) {
    this.#columns = columns;
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
  }

  /** Rows begun since the last `take`. */
  get rows(): number {
    return this.#rows;
  }

  /** Encoded bytes since the last `take`. */
  get byteLength(): number {
    return this.#end;
  }

  /** The bytes themselves; good until the next value is written. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  static header(): Buffer {
    return FILE_HEADER;
  }

  static trailer(): Buffer {
    return FILE_TRAILER;
  }

  beginRow(): void {
    this.#reserve(2);
    this.#rowStart = this.#end;
    this.#end = putInt16(this.#bytes, this.#end, this.#columns);
    this.#rows += 1;
  }

  /** Takes back what was written since `beginRow`. */
  dropRow(): void {
    this.#end = this.#rowStart;
    this.#rows -= 1;
  }

  null(): void {
    this.#reserve(LENGTH);
    this.#end = putInt32(this.#bytes, this.#end, NULL_LENGTH);
  }

  text(value: string): void {
    this.#reserve(LENGTH + value.length * MAX_UTF8_PER_UNIT);
    const length = this.#bytes.write(value, this.#end + LENGTH, 'utf8');
    this.#end = putInt32(this.#bytes, this.#end, length) + length;
  }

  /** Text that is UTF-8 already: the bytes from `start` to `end`. */
  utf8(source: Buffer, start: number, end: number): void {
    const length = end - start;
    this.#reserve(LENGTH + length);
    const bytes = this.#bytes;
    let at = putInt32(bytes, this.#end, length);
    if (length >= COPY_NATIVELY_FROM) source.copy(bytes, at, start, end);
    else for (let from = start; from < end; from += 1) bytes[at++] = source[from] as number;
    this.#end += LENGTH + length;
  }

  /** The bytes in upper case, if all of them are ASCII and none is a quote; else it writes nothing and says false. */
  upperCaseAscii(source: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    this.#reserve(LENGTH + length);
    const bytes = this.#bytes;
    let at = putInt32(bytes, this.#end, length);
    for (let from = start; from < end; from += 1) {
      const upper = UPPER_CASE[source[from] as number] as number;
      if (upper === 0) return false;
      bytes[at++] = upper;
    }
    this.#end = at;
    return true;
  }

  boolean(value: boolean): void {
    this.#reserve(LENGTH + 1);
    const at = putInt32(this.#bytes, this.#end, 1);
    this.#bytes[at] = value ? 1 : 0;
    this.#end = at + 1;
  }

  /** int8 from a non-negative safe integer. */
  bigint(value: number): void {
    const high = value < TWO_TO_32 ? 0 : Math.floor(value / TWO_TO_32);
    this.#int64(high, value - high * TWO_TO_32);
  }

  /** timestamptz from milliseconds since 1970 and 0–999 microseconds: int8 microseconds since 2000. */
  timestamp(milliseconds: number, microseconds: number): void {
    // Microseconds up to the year 9999 exceed what a double holds exactly, so the two halves are made apart.
    const sinceEpoch = milliseconds - POSTGRES_EPOCH_MS;
    const high = Math.floor(sinceEpoch / TWO_TO_32);
    const low = (sinceEpoch - high * TWO_TO_32) * 1000 + microseconds;
    const carry = Math.floor(low / TWO_TO_32);
    this.#int64(high * 1000 + carry, low - carry * TWO_TO_32);
  }

  /** numeric with two decimals from 1 to 9,999,999,999 cents: base-10000 digits, the fraction in the last one. */
  cents(value: number): void {
    this.#reserve(LENGTH + 8 + 6);
    const whole = Math.floor(value / 100);
    const myriads = Math.floor(whole / 10_000);
    const units = whole - myriads * 10_000;
    const fraction = (value - whole * 100) * 100;
    const weight = myriads > 0 ? 1 : units > 0 ? 0 : -1;
    const lastWeight = fraction > 0 ? -1 : units > 0 ? 0 : 1;
    const digits = weight - lastWeight + 1;
    const bytes = this.#bytes;
    let at = putInt32(bytes, this.#end, 8 + 2 * digits);
    at = putInt16(bytes, at, digits);
    at = putInt16(bytes, at, weight);
    at = putInt16(bytes, at, NUMERIC_POSITIVE);
    at = putInt16(bytes, at, CENTS_SCALE);
    if (weight === 1) at = putInt16(bytes, at, myriads);
    if (weight >= 0 && lastWeight <= 0) at = putInt16(bytes, at, units);
    if (lastWeight === -1) at = putInt16(bytes, at, fraction);
    this.#end = at;
  }

  /** What was encoded since the last call. The caller owns the bytes: nothing is written into them before `reuse`. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#end);
    this.#bytes = this.#spare ?? Buffer.allocUnsafeSlow(Math.min(this.#bytes.length, LARGEST_KEPT_BYTES));
    this.#spare = undefined;
    this.#end = 0;
    this.#rows = 0;
    return taken;
  }

  /** Says that bytes which were taken are not needed any more: the next rows but one are written over them. */
  reuse(taken: Buffer): void {
    if (taken.buffer.byteLength <= LARGEST_KEPT_BYTES) this.#spare = Buffer.from(taken.buffer);
  }

  #int64(high: number, low: number): void {
    this.#reserve(LENGTH + 8);
    const at = putInt32(this.#bytes, this.#end, 8);
    this.#end = putInt32(this.#bytes, putInt32(this.#bytes, at, high), low);
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#end + bytes));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

/** Big-endian, two's complement, as much of the value as fits. Returns where the next value goes. */
function putInt16(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
  return at + 2;
}

function putInt32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
  return at + 4;
}
