import { expect, test } from 'vitest';
import { chosenText } from '../../../src/dashboard/pages/overview/chosen-text.ts';

const files = (...names: readonly string[]) => names.map((name) => new File(['12345'], name));

test('what was chosen is said with its size, of many the first', () => {
  expect(chosenText(undefined)).toContain('Nothing chosen yet');
  expect(chosenText({ files: files('a.csv'), leftOut: 0 })).toBe('a.csv (5 B)');
  expect(chosenText({ files: files('a', 'b', 'c', 'd', 'e'), leftOut: 0 })).toBe('a, b, c and 2 other files (25 B)');
});

test('what was not taken of a folder is said too, and that there was nothing in it', () => {
  expect(chosenText({ files: files('a.csv'), leftOut: 2 })).toMatch(
    /^a\.csv \(5 B\)\. 2 other files of the folder: Left out/,
  );
  expect(chosenText({ files: [], leftOut: 2 })).toMatch(/^Nothing chosen\. Left out: of a folder only/);
  expect(chosenText({ files: [], leftOut: 0 })).toBe('Nothing chosen. There is no file in it.');
});
