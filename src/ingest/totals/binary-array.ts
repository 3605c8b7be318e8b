/**
 * One-dimensional arrays in the binary format of their type, as node-postgres passes a Buffer on: `array_recv` in
 * src/backend/utils/adt/arrayfuncs.c. As text, PostgreSQL would parse each number and each quote of ten thousand users.
 */

/** Object ids of the element types, fixed in src/include/catalog/pg_type.dat. */
const INT8 = 20;
const INT4 = 23;
const TEXT = 25;
const DATE = 1082;
const TIMESTAMPTZ = 1184;

/** Dimensions, whether there are nulls, element type, length, lower bound. */
const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
/** 2000-01-01T00:00:00Z, from which PostgreSQL counts, in milliseconds and in days since 1970. */
const POSTGRES_EPOCH_MS = 946_684_800_000;
const POSTGRES_EPOCH_DAYS = 10_957;

export function textArray(texts: readonly Buffer[]): Buffer {
  let size = HEADER_BYTES;
  for (const text of texts) size += LENGTH_BYTES + text.length;
  const array = begin(TEXT, texts.length, size);
  let at = HEADER_BYTES;
  for (const text of texts) {
    at = array.writeInt32BE(text.length, at);
    at += text.copy(array, at);
  }
  return array;
}

export function int4Array(numbers: Float64Array | readonly number[]): Buffer {
  return fourByteArray(INT4, numbers);
}

/** From days since 1970-01-01. */
export function dateArray(days: readonly number[]): Buffer {
  return fourByteArray(
    DATE,
    days.map((day) => day - POSTGRES_EPOCH_DAYS),
  );
}

/** From safe integers. */
export function int8Array(numbers: Float64Array | readonly number[]): Buffer {
  const array = begin(INT8, numbers.length, HEADER_BYTES + numbers.length * (LENGTH_BYTES + 8));
  let at = HEADER_BYTES;
  for (const number of numbers) at = array.writeBigInt64BE(BigInt(number), array.writeInt32BE(8, at));
  return array;
}

/** From milliseconds since 1970, and 0 to 999 microseconds on top of each. */
export function timestamptzArray(ms: Float64Array, micros: Float64Array): Buffer {
  const array = begin(TIMESTAMPTZ, ms.length, HEADER_BYTES + ms.length * (LENGTH_BYTES + 8));
  let at = HEADER_BYTES;
  for (let index = 0; index < ms.length; index += 1) {
    const sinceEpoch = BigInt((ms[index] as number) - POSTGRES_EPOCH_MS) * 1000n + BigInt(micros[index] as number);
    at = array.writeBigInt64BE(sinceEpoch, array.writeInt32BE(8, at));
  }
  return array;
}

function fourByteArray(elementType: number, numbers: Float64Array | readonly number[]): Buffer {
  const array = begin(elementType, numbers.length, HEADER_BYTES + numbers.length * (LENGTH_BYTES + 4));
  let at = HEADER_BYTES;
  for (const number of numbers) at = array.writeInt32BE(number, array.writeInt32BE(4, at));
  return array;
}

function begin(elementType: number, length: number, size: number): Buffer {
  const array = Buffer.allocUnsafe(size);
  const header = length === 0 ? [0, 0, elementType, 0, 0] : [1, 0, elementType, length, 1];
  let at = 0;
  for (const number of header) at = array.writeInt32BE(number, at);
  // An array of nothing has no dimension, and no length and bound of one.
  return length === 0 ? array.subarray(0, HEADER_BYTES - 8) : array;
}
