import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addressText, readAddress } from '../../../src/ingest/csv/reject-address.ts';

it('the address of a reject is read from the end of its message, whatever stands before it', () => {
  const number = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
  fc.assert(
    fc.property(fc.string(), number, number, (message, fileId, lineNumber) => {
      const address = { fileId, lineNumber };
      expect(readAddress(`${message} (file 1, line 1)${addressText(address)} `)).toEqual(address);
    }),
  );
});

it.each([
  '',
  'a message',
  '(file 7, line 12) or so',
  '(file 0, line 12)',
  '(file 7, line -1)',
  '(file 7, line 1e3)',
  '(file 9999999999999999, line 1)',
  '(file 7,line 12)',
])('%j is none', (cell) => {
  expect(readAddress(cell)).toBeUndefined();
});
