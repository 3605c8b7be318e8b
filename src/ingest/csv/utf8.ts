import { isUtf8 } from 'node:buffer';
import { NUL } from './byte-codes.ts';

/**
 * The length of the well-formed UTF-8 sequence at `at`, or 0 when there is none that ends before `end`: overlong forms,
 * surrogates and code points above U+10FFFF are not well-formed (Unicode Standard, table 3-7; RFC 3629 section 4).
 */
export function utf8SequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return at < end ? 1 : 0;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (at + length > end) return 0;
  const second = bytes[at + 1] ?? 0;
  if (second < lowestSecondByte(lead) || second > highestSecondByte(lead)) return 0;
  for (let index = at + 2; index < at + length; index++) {
    const code = bytes[index] ?? 0;
    if (code < 0x80 || code > 0xbf) return 0;
  }
  return length;
}

function lowestSecondByte(lead: number): number {
  if (lead === 0xe0) return 0xa0;
  return lead === 0xf0 ? 0x90 : 0x80;
}

function highestSecondByte(lead: number): number {
  if (lead === 0xed) return 0x9f;
  return lead === 0xf4 ? 0x8f : 0xbf;
}

/** Whether all of it is text that PostgreSQL can store: well-formed UTF-8 without NUL. */
export function isCleanText(bytes: Buffer): boolean {
  return isUtf8(bytes) && !bytes.includes(NUL);
}

/** The index of the first byte from `start` that is NUL or not part of a well-formed UTF-8 sequence; `end` when there is none. */
export function cleanTextEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== NUL) {
    const length = utf8SequenceLength(bytes, at, end);
    if (length === 0) return at;
    at += length;
  }
  return at;
}

/** A byte as people write it: `0xE9`. */
export function hexByte(code: number): string {
  return `0x${code.toString(16).toUpperCase().padStart(2, '0')}`;
}
