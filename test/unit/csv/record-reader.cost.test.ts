import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { RecordReader } from '../../../src/ingest/csv/record-reader.ts';

const MIB = 1024 * 1024;

interface Counts {
  records: number;
  broken: number;
}

function countingReader(maxRecordBytes: number): { reader: RecordReader; counts: Counts } {
  const counts = { records: 0, broken: 0 };
  const reader = new RecordReader(
    { delimiter: 0x2c, fieldCount: 3, maxRecordBytes, startOffset: 0, startLine: 1 },
    {
      record: () => {
        counts.records++;
      },
      broken: () => {
        counts.broken++;
      },
    },
  );
  return { reader, counts };
}

/** The fastest of three, which is the least disturbed by what else runs on the machine. */
function millisecondsToRead(bytes: Buffer, chunkBytes: number): number {
  const times = [1, 2, 3].map(() => {
    const { reader } = countingReader(16 * MIB);
    const start = performance.now();
    for (let at = 0; at < bytes.length; at += chunkBytes) reader.push(bytes.subarray(at, at + chunkBytes));
    reader.end();
    return performance.now() - start;
  });
  return Math.min(...times);
}

describe('D12 time', () => {
  // 16 times the input may take 16 times the time; were it quadratic, it would take 256 times.
  it.each([
    ['every line opens a quote', 'a,"b,c\n', 65_536],
    ['lines that open a quote between whole ones', 'a,"b,c\nd,e,f\n', 65_536],
    ['an unclosed quote before many lines with only escaped ones', 'x,"""",""\n', 65_536],
    ['every line has a stray quote', 'a,b"c,d\n', 65_536],
    ['a quote that is open to the end of the file, with "" in it', '""', 65_536],
    ['a long unquoted field in small chunks', 'aaaaaaaa', 16],
    ['a long quoted field in small chunks', 'a\r\n""', 16],
    ['lines that are no text', 'a,b,\xff\n', 65_536],
  ])('grows with the size of the input and no faster: %s', (_, unit, chunkBytes) => {
    const small = Buffer.from(`k,"${unit.repeat((64 * 1024) / unit.length)}`, 'latin1');
    const large = Buffer.from(`k,"${unit.repeat((1024 * 1024) / unit.length)}`, 'latin1');
    millisecondsToRead(small, chunkBytes);
    expect(millisecondsToRead(large, chunkBytes) / millisecondsToRead(small, chunkBytes)).toBeLessThan(80);
  });
});

describe('D9 I6 memory', () => {
  it.each([
    ['an endless line', 'a'.repeat(MIB), 1],
    ['an endless quoted field', `"${'a'.repeat(MIB - 1)}`, 1],
    ['endless lines behind a stray quote', 'b"\n'.repeat(MIB / 4), 1],
  ])('does not grow with %s', (_, unit, spans) => {
    const chunk = Buffer.from(unit);
    const { reader, counts } = countingReader(MIB);
    reader.push(chunk);
    reader.push(chunk);
    reader.push(chunk);
    const before = process.memoryUsage();
    for (let count = 0; count < 30; count++) reader.push(chunk);
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(4 * MIB);
    reader.end();
    expect(counts).toEqual({ records: 0, broken: spans });
  });
});
