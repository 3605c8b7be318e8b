import { expect, it } from 'vitest';
import { progressLine } from '../../../src/cli/progress-bar.ts';

it.each([
  ['a file that is half read', 500, 1000, '50% read, 1,234 rows of the current file'],
  ['standard input, of which nobody knows the size', 500, 0, '1,234 rows of the current file'],
  ['a file and then more from standard input', 1500, 1000, '1,234 rows of the current file'],
])('of %s', (_, bytes, total, line) => {
  expect(progressLine(bytes, total, 1234)).toBe(line);
});
