import { describe, expect, it } from 'vitest';
import { shapeOf } from '../../../src/ingest/transform/value-shape.ts';

function shape(value: string): string {
  const bytes = Buffer.from(`before${value}behind`);
  return shapeOf(bytes, 6, bytes.length - 6);
}

describe('the shape of a value', () => {
  it.each([
    ['12,50', '9+,9+'],
    ['7,5', '9+,9+'],
    ['2024-13-01T10:00Z', '9+-9+-9+A+9+:9+A+'],
    ['Add To Cart', 'A+a+ A+a+ A+a+'],
    ['free!!', 'a+!!'],
    ['+5', '+9+'],
    ['9+9+', '9++9++'],
    ['Éric était à 東京 ٣', 'A+a+ a+ a+ a+ 9+'],
    ['😀😀', '😀😀'],
    ['', ''],
    [' \t\u00a0', ''],
    [`${' '.repeat(50)}text`, 'a+'],
    [`${'\t\r\n '.repeat(500)}text 1`, 'a+ 9+'],
    [`${'\u00a0'.repeat(50)}text`, 'a+'],
  ])('%j is %j', (value, expected) => {
    expect(shape(value)).toBe(expected);
  });

  it('is cut, and takes no longer for a value of many megabytes', () => {
    expect(shape('a1'.repeat(100))).toBe(`${'a+9+'.repeat(10).slice(0, 39)}…`);
    expect(shape('x'.repeat(20_000_000))).toBe('a+');
    expect(shape(`é${'-'.repeat(100)}`)).toBe(`a+${'-'.repeat(37)}…`);
    // Half of a pair is no text.
    expect(shape(`${'-'.repeat(38)}${'😀'.repeat(9)}`)).toBe(`${'-'.repeat(38)}…`);
  });
});
