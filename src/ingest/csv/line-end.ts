import { CR, LF } from './byte-codes.ts';

const IS_LINE_END = new Uint8Array(256);
IS_LINE_END[LF] = 1;
IS_LINE_END[CR] = 1;

/** The index of the first LF or CR from `at`, or `end`. */
export function lineEndFrom(bytes: Uint8Array, at: number, end: number): number {
  let index = at;
  while (index < end && !isLineEnd(bytes, index)) index++;
  return index;
}

/** The index just behind the last LF or CR between `start` and `end`, or `start`. */
export function behindLastLineEnd(bytes: Uint8Array, start: number, end: number): number {
  let index = end;
  while (index > start && !isLineEnd(bytes, index - 1)) index--;
  return index;
}

/** The index just behind the LF, CRLF or CR at `at`. */
export function behindLineEnd(bytes: Uint8Array, at: number, end: number): number {
  return bytes[at] === CR && at + 1 < end && bytes[at + 1] === LF ? at + 2 : at + 1;
}

function isLineEnd(bytes: Uint8Array, at: number): boolean {
  // Both loops stop before the ends of the bytes.
  return IS_LINE_END[bytes[at] as number] === 1;
}
