import { expect, test } from 'vitest';
import { isPossibleKey } from '../../../src/dashboard/api/possible-key.ts';

test.each([
  ['0123456789abcdef', true],
  ["!#$%&'()*+,-./:;<=>?@[]^_`{|}~", true],
  ['“0123456789abcdef”', false],
  ['clé', false],
  ['two words', false],
  ['', false],
])('only what a header can carry is a key: %s', (key, isPossible) => {
  expect(isPossibleKey(key)).toBe(isPossible);
});
