import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RAW_TEXT_BYTES, rawText } from '../../../src/ingest/csv/raw-text.ts';
import { propertyRuns } from '../../support/property-runs.ts';

function raw(bytes: string | number[]) {
  return rawText(Buffer.from(bytes as string));
}

function countOf(bytes: Buffer, character: string): number {
  let count = 0;
  for (let at = bytes.indexOf(character); at !== -1; at = bytes.indexOf(character, at + 1)) count++;
  return count;
}

describe('D5 rawText', () => {
  it('is the text itself where it is UTF-8', () => {
    expect(raw('a,"é"\n😀')).toEqual({ text: 'a,"é"\n😀', truncated: false });
    expect(raw('')).toEqual({ text: '', truncated: false });
  });

  it('shows NUL and each byte that is not UTF-8 in hex, and all else as it is', () => {
    expect(raw([0x61, 0x00, 0xc3, 0xa9, 0xe9, 0x62, 0xe2, 0x82, 0x63]).text).toBe('a\\x00é\\xE9b\\xE2\\x82c');
    expect(raw([0xed, 0xa0, 0x80]).text).toBe('\\xED\\xA0\\x80');
  });

  it('keeps U+FFFD where the file has it', () => {
    expect(raw([0xef, 0xbf, 0xbd]).text).toBe('\uFFFD');
  });

  it('is cut behind 4096 bytes of output, and says so', () => {
    expect(raw('a'.repeat(4096))).toEqual({ text: 'a'.repeat(4096), truncated: false });
    expect(raw('a'.repeat(4097))).toEqual({ text: 'a'.repeat(4096), truncated: true });
  });

  it('is cut between characters and between escapes', () => {
    expect(raw(`${'a'.repeat(4095)}é`)).toEqual({ text: 'a'.repeat(4095), truncated: true });
    expect(raw('😀'.repeat(1024))).toEqual({ text: '😀'.repeat(1024), truncated: false });
    expect(rawText(Buffer.alloc(1024, 0xff))).toEqual({ text: '\\xFF'.repeat(1024), truncated: false });
    expect(rawText(Buffer.alloc(1025, 0xff))).toEqual({ text: '\\xFF'.repeat(1024), truncated: true });
    expect(rawText(Buffer.concat([Buffer.from('a'), Buffer.alloc(1024, 0)]))).toEqual({
      text: `a${'\\x00'.repeat(1023)}`,
      truncated: true,
    });
  });

  it('is for any bytes text without NUL, within the limit, and loses nothing that it does not report', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 8 }),
      fc.string({ unit: 'binary', maxLength: 8 }).map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.constantFrom(1, 200), (pieces, times) => {
        const bytes = Buffer.concat(Array.from({ length: times }, () => pieces).flat());
        const { text, truncated } = rawText(bytes);
        const size = Buffer.byteLength(text);
        expect(size).toBeLessThanOrEqual(RAW_TEXT_BYTES);
        expect(text).not.toContain('\0');
        expect(countOf(Buffer.from(text), '\uFFFD')).toBeLessThanOrEqual(countOf(bytes, '\uFFFD'));
        if (truncated) expect(size).toBeGreaterThan(RAW_TEXT_BYTES - 4);
        else if (isUtf8(bytes) && !bytes.includes(0)) expect(text).toBe(bytes.toString());
      }),
      propertyRuns(1000),
    );
  });
});
