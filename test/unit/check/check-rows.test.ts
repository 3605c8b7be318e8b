import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CheckedRows, checkRows, checkTextRows } from '../../../src/ingest/check/check-rows.ts';
import { examineFile } from '../../../src/ingest/check/examine-file.ts';
import { parseHeader } from '../../../src/ingest/csv/header.ts';
import { createLocalTime } from '../../../src/ingest/transform/local-time.ts';
import { csvBytes, cuts } from '../../support/csv-arbitraries.ts';
import { HEADER, plainFile, plainRows } from '../../support/plain-events.ts';
import { propertyRuns } from '../../support/property-runs.ts';

const OPTIONS = { instantOfLocalTime: createLocalTime('UTC'), maxRecordBytes: 1000, keptRejects: 1000 };

async function* inChunks(bytes: Buffer, at: readonly number[] = []): AsyncGenerator<Buffer> {
  const places = [...new Set(at.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const to of [...places, bytes.length]) {
    // The buffer is written over, as those of a file are.
    const chunk = Buffer.from(bytes.subarray(from, to));
    yield chunk;
    chunk.fill(0x22);
    from = to;
  }
}

const rowsOf = ({ read, loaded, rejected, rejectsByReason, rejects }: CheckedRows) => {
  return { read, loaded, rejected, rejectsByReason, rejects };
};

describe('a check of rows', () => {
  it('comes to the same however the bytes arrive, and in memory', async () => {
    await fc.assert(
      fc.asyncProperty(csvBytes, cuts, async ({ delimiter, bytes }, at) => {
        const content = Buffer.concat([Buffer.from(HEADER.replaceAll(',', delimiter)), bytes]);
        const header = parseHeader(content, true, 1000);
        if (header === undefined) throw new TypeError('a whole file has a header');
        const whole = rowsOf(checkTextRows(content, header, OPTIONS));
        expect(rowsOf(await checkRows(inChunks(content, at), OPTIONS))).toEqual(whole);
        expect(whole.read).toBe(whole.loaded + whole.rejected);
        expect(whole.rejects).toHaveLength(whole.rejected);
      }),
      propertyRuns(200),
    );
  });

  it('can begin behind what was loaded before, and counts what follows only', async () => {
    const before = plainFile({ tag: 'grown', to: 50, badEvery: 5 });
    const content = Buffer.from(before + plainRows({ tag: 'grown', from: 50, to: 80, badEvery: 3 }));
    const start = { offset: before.length, line: 52 };
    const { read, rejected, rejects } = await checkRows(inChunks(content, [7, 3000, 4000]), { ...OPTIONS, start });
    expect({ read, rejected }).toEqual({ read: 30, rejected: 10 });
    expect(rejects[0]?.lineNumber).toBe(52);
  });

  it('keeps no more rejects than it is told to, and counts them all', async () => {
    const content = Buffer.from(HEADER + 'x\n'.repeat(5000));
    const checked = await checkRows(inChunks(content), { ...OPTIONS, keptRejects: 3 });
    expect(checked.rejects.map(({ lineNumber }) => lineNumber)).toEqual([2, 3, 4]);
    expect(checked.rejectsByReason).toEqual({ column_count_mismatch: 5000 });
  });
});

describe('an examination', () => {
  it('passes on what the source throws, and closes it', async () => {
    let isClosed = false;
    async function* broken(): AsyncGenerator<Buffer> {
      try {
        yield Buffer.from(HEADER);
        throw new RangeError('the disk');
      } finally {
        isClosed = true;
      }
    }
    await expect(examineFile(broken(), OPTIONS)).rejects.toThrow(RangeError);
    expect(isClosed).toBe(true);
  });

  it('closes a source from which whoever looks on wants no more', async () => {
    let isClosed = false;
    async function* endless(): AsyncGenerator<Buffer> {
      try {
        yield Buffer.from(HEADER);
        for (;;) yield Buffer.from('x\n');
      } finally {
        isClosed = true;
      }
    }
    const onProgress = ({ rowsRead }: { rowsRead: number }) => {
      if (rowsRead > 10) throw new RangeError('enough');
    };
    await expect(examineFile(endless(), { ...OPTIONS, onProgress })).rejects.toThrow('enough');
    expect(isClosed).toBe(true);
  });

  it('reads a file that fails to its end, for its size and digest', async () => {
    const content = Buffer.from(`a,b\n${'1,2\n'.repeat(10_000)}`);
    expect(await examineFile(inChunks(content, [10, 5000]), OPTIONS)).toMatchObject({
      sizeBytes: content.length,
      error: { code: 'missing_columns' },
      rowsRead: 0,
    });
  });
});
