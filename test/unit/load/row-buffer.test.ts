import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BinaryRows } from '../../../src/ingest/load/binary-rows.ts';
import { copyRows, textOf } from '../../support/copy-rows.ts';
import { propertyRuns } from '../../support/property-runs.ts';

describe('BinaryRows.take', () => {
  it('hands over what was encoded, and begins anew', () => {
    const rows = new BinaryRows(1, 8);
    write(rows, 'first');
    expect([rows.rows, rows.byteLength]).toEqual([1, 11]);
    expect(textsIn(rows.take())).toEqual(['first']);
    expect([rows.rows, rows.byteLength]).toEqual([0, 0]);
    expect(rows.take()).toHaveLength(0);
    write(rows, 'second');
    expect(textsIn(rows.take())).toEqual(['second']);
  });

  it('leaves what was taken as it is while the next rows are encoded, also where the buffer grows', () => {
    const rows = new BinaryRows(1, 16);
    write(rows, 'first');
    const taken = rows.take();
    const before = Buffer.from(taken);
    for (let row = 0; row < 100; row += 1) write(rows, 'x'.repeat(row));
    expect(taken.equals(before)).toBe(true);
    expect(textsIn(rows.take())).toHaveLength(100);
  });

  it('leaves every one of several as it is, as long as none is given back', () => {
    const rows = new BinaryRows(1, 64);
    const taken = ['a', 'b', 'c', 'd'].map((text) => {
      write(rows, text);
      return rows.take();
    });
    expect(taken.flatMap(textsIn)).toEqual(['a', 'b', 'c', 'd']);
    expect(new Set(taken.map(({ buffer }) => buffer)).size).toBe(4);
  });
});

describe('BinaryRows.reuse', () => {
  it('lets two buffers go to and fro, however much is written', () => {
    const rows = new BinaryRows(1, 1024);
    const used = new Set<ArrayBufferLike>();
    let sending: Buffer | undefined;
    for (let batch = 0; batch < 50; batch += 1) {
      write(rows, `batch ${batch}`);
      const taken = rows.take();
      used.add(taken.buffer);
      if (sending !== undefined) rows.reuse(sending);
      sending = taken;
    }
    expect(used.size).toBeLessThanOrEqual(3);
  });

  it('touches what is given back only with the rows behind the next take', () => {
    const rows = new BinaryRows(1, 1024);
    write(rows, 'first');
    const first = rows.take();
    rows.reuse(first);
    write(rows, 'second');
    expect(textsIn(first)).toEqual(['first']);
    const second = rows.take();
    write(rows, 'third');
    expect(textsIn(second)).toEqual(['second']);
    expect(textsIn(rows.take())).toEqual(['third']);
  });

  it('takes a small buffer back after the rows have outgrown it', () => {
    const rows = new BinaryRows(1, 16);
    write(rows, 'small');
    const small = rows.take();
    write(rows, 'x'.repeat(1000));
    rows.reuse(small);
    const large = rows.take();
    write(rows, 'y'.repeat(2000));
    expect(textsIn(large)).toEqual(['x'.repeat(1000)]);
    expect(textsIn(rows.take())).toEqual(['y'.repeat(2000)]);
  });
});

describe('BinaryRows.dropRow', () => {
  it('takes back one row and no other, however far it had got and however often the buffer grew for it', () => {
    const rows = new BinaryRows(2, 16);
    write(rows, 'kept', 'also');
    const before = rows.byteLength;
    for (const text of ['', 'x', 'x'.repeat(10_000)]) {
      rows.beginRow();
      rows.text(text);
      rows.dropRow();
      expect([rows.rows, rows.byteLength]).toEqual([1, before]);
    }
    rows.beginRow();
    rows.dropRow();
    write(rows, 'next', 'row');
    expect(textsIn(rows.take())).toEqual(['kept', 'also', 'next', 'row']);
  });

  it('leaves an empty buffer after the only row', () => {
    const rows = new BinaryRows(1, 16);
    write(rows, 'before');
    rows.take();
    rows.beginRow();
    rows.text('dropped');
    rows.dropRow();
    expect([rows.rows, rows.byteLength]).toEqual([0, 0]);
    expect(rows.take()).toHaveLength(0);
  });
});

describe('BinaryRows.upperCaseAscii', () => {
  it.each(['é', 'aé', 'abc"', '"', 'a\u{1f680}', '\u00a0'])('writes nothing for %j', (value) => {
    const rows = new BinaryRows(1, 4);
    rows.beginRow();
    const before = rows.byteLength;
    const bytes = Buffer.from(value);
    expect(rows.upperCaseAscii(bytes, 0, bytes.length)).toBe(false);
    expect(rows.byteLength).toBe(before);
    rows.text('instead');
    expect(textsIn(rows.take())).toEqual(['instead']);
  });
});

describe('BinaryRows', () => {
  it('holds what was written, in any order of writing, dropping, taking and giving back', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('write' as const), text: fc.string({ unit: 'binary', maxLength: 40 }) }),
      fc.record({ kind: fc.constant('drop' as const), text: fc.string({ maxLength: 200 }) }),
      fc.record({ kind: fc.constantFrom('take' as const, 'reuse' as const), text: fc.constant('') }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), fc.constantFrom(1, 32, 256), (steps, capacity) => {
        const rows = new BinaryRows(1, capacity);
        let expected: string[] = [];
        const held: { readonly taken: Buffer; readonly texts: readonly string[] }[] = [];
        for (const { kind, text } of steps) {
          if (kind === 'write') {
            write(rows, text);
            expected.push(text);
          } else if (kind === 'drop') {
            rows.beginRow();
            rows.text(text);
            rows.dropRow();
          } else if (kind === 'take') {
            held.push({ taken: rows.take(), texts: expected });
            expected = [];
          } else {
            const oldest = held.shift();
            if (oldest !== undefined) rows.reuse(oldest.taken);
          }
          expect(rows.rows).toBe(expected.length);
          for (const { taken, texts } of held) expect(textsIn(taken)).toEqual(texts);
        }
        expect(textsIn(rows.take())).toEqual(expected);
      }),
      propertyRuns(300),
    );
  });
});

function write(rows: BinaryRows, ...texts: readonly string[]): void {
  rows.beginRow();
  for (const text of texts) rows.text(text);
}

function textsIn(bytes: Buffer): string[] {
  return copyRows(bytes).flat().map(textOf);
}
