import { isUtf8 } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { utf8SequenceLength } from '../../../src/ingest/csv/utf8.ts';

describe('D5 utf8SequenceLength', () => {
  it('agrees with Node on every pair of bytes, with and without continuation bytes behind it', () => {
    const tails = [[], [0x80], [0x80, 0xbf], [0x7f, 0x80], [0x80, 0xc0]];
    const wrong: string[] = [];
    for (let pair = 0; pair < 0x10000; pair++) {
      for (const tail of tails) {
        const bytes = Buffer.from([pair >> 8, pair & 0xff, ...tail]);
        const length = utf8SequenceLength(bytes, 0, bytes.length);
        const expected = [1, 2, 3, 4].find((size) => size <= bytes.length && isUtf8(bytes.subarray(0, size))) ?? 0;
        if (length !== expected) wrong.push(bytes.toString('hex'));
      }
    }
    expect(wrong).toEqual([]);
  });

  it('is 0 where the sequence does not end before the given end', () => {
    const euro = Buffer.from('€');
    expect([0, 1, 2, 3].map((end) => utf8SequenceLength(euro, 0, end))).toEqual([0, 0, 0, 3]);
    expect(utf8SequenceLength(Buffer.from('a'), 0, 0)).toBe(0);
  });
});
