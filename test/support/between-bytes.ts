import { isDeepStrictEqual } from 'node:util';

/** Reads a value that lies somewhere in a longer buffer, as fields of a file do. */
export type ByteReader<Result> = (bytes: Buffer, start: number, end: number) => Result;

/** What would change the value if it were read with it: digits, signs, points, quotes, letters of prices, dates and types. */
const NEIGHBOURS = ['', '9', '0', '"', '.', '-', ':', ' ', 'e', 'Z', 'T', 'w', '\u00e9'];

/** A value of a million digits is tried beside two of them only: each costs some milliseconds. */
const LONG_VALUE = 10_000;

/**
 * What a reader of bytes makes of the value, whatever stands before and behind it.
 * @throws Error if the neighbours make a difference: it has read beyond the start or the end
 */
export function readBetween<Result>(value: string, read: ByteReader<Result>): Result {
  const neighbours = value.length < LONG_VALUE ? NEIGHBOURS : NEIGHBOURS.slice(0, 2);
  const [alone, ...others] = neighbours.map((neighbour) => ({ neighbour, result: readBeside(value, neighbour, read) }));
  if (alone === undefined) throw new TypeError('there are no neighbours');
  const differing = others.find(({ result }) => !isDeepStrictEqual(result, alone.result));
  if (differing === undefined) return alone.result;
  const shown = `${JSON.stringify(alone.result)} alone, ${JSON.stringify(differing.result)}`;
  throw new Error(`${JSON.stringify(value.slice(0, 80))} is read as ${shown} between "${differing.neighbour}"`);
}

/** The same with one pair of neighbours only, for very many values. */
export function readBeside<Result>(value: string, neighbour: string, read: ByteReader<Result>): Result {
  const bytes = Buffer.from(neighbour + value + neighbour);
  const margin = Buffer.byteLength(neighbour);
  return read(bytes, margin, bytes.length - margin);
}
