/** A field of a row in the binary format of COPY; null for NULL. */
export type CopyField = Buffer | null;

const ROW_PREFIX_BYTES = 2;
const LENGTH_BYTES = 4;
const NUMERIC_HEAD_BYTES = 8;

/**
 * Takes rows in the binary format of COPY apart, without the header and the trailer of the stream:
 * https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-BINARY-FORMAT
 * @throws RangeError if the bytes end within a row
 */
export function copyRows(bytes: Buffer): CopyField[][] {
  const rows: CopyField[][] = [];
  let at = 0;
  while (at < bytes.length) {
    const fieldCount = bytes.readInt16BE(at);
    at += ROW_PREFIX_BYTES;
    const fields: CopyField[] = [];
    for (let field = 0; field < fieldCount; field += 1) {
      const length = bytes.readInt32BE(at);
      at += LENGTH_BYTES;
      fields.push(length === -1 ? null : bytes.subarray(at, at + length));
      at += Math.max(length, 0);
      if (at > bytes.length) throw new RangeError(`field ${field} of row ${rows.length} ends beyond the bytes`);
    }
    rows.push(fields);
  }
  return rows;
}

/** text, varchar and enums: the bytes themselves. @throws TypeError if they are not UTF-8 */
export function textOf(field: CopyField | undefined): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(present(field));
}

export function int8Of(field: CopyField | undefined): bigint {
  return ofLength(present(field), 8).readBigInt64BE(0);
}

/** timestamptz, as microseconds since 1970; PostgreSQL counts them from 2000. */
export function microsOfTimestamp(field: CopyField | undefined): bigint {
  return int8Of(field) + BigInt(Date.UTC(2000, 0, 1)) * 1000n;
}

/**
 * A positive numeric with two decimals, in cents: digits to the base 10,000 with the weight of the first one.
 * @throws TypeError if it is another kind of numeric, or is not written as PostgreSQL itself writes it
 */
export function centsOfNumeric(field: CopyField | undefined): bigint {
  const bytes = present(field);
  const digitCount = bytes.readInt16BE(0);
  const weight = bytes.readInt16BE(2);
  const sign = bytes.readInt16BE(4);
  const scale = bytes.readInt16BE(6);
  ofLength(bytes, NUMERIC_HEAD_BYTES + 2 * digitCount);
  const digits = Array.from({ length: digitCount }, (_, index) => bytes.readInt16BE(NUMERIC_HEAD_BYTES + 2 * index));
  const isCanonical =
    digits.at(0) !== 0 && digits.at(-1) !== 0 && digits.every((digit) => digit >= 0 && digit < 10_000);
  if (sign !== 0 || scale !== 2 || !isCanonical)
    throw new TypeError(`numeric ${bytes.toString('hex')} is not canonical`);
  // In ten-thousandths, so that the digit of the fraction counts whole.
  const tenThousandths = digits.reduce(
    (sum, digit, index) => sum + BigInt(digit) * 10_000n ** BigInt(weight - index + 1),
    0n,
  );
  if (tenThousandths % 100n !== 0n) throw new TypeError(`numeric ${bytes.toString('hex')} has more than two decimals`);
  return tenThousandths / 100n;
}

function present(field: CopyField | undefined): Buffer {
  if (field === null || field === undefined) throw new TypeError('the field is NULL or not there');
  return field;
}

function ofLength(field: Buffer, length: number): Buffer {
  if (field.length !== length) throw new TypeError(`the field has ${field.length} bytes, not ${length}`);
  return field;
}
