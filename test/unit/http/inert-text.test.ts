import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { marked, unmarked } from '../../../src/ingest/csv/formula-mark.ts';
import { propertyRuns } from '../../support/property-runs.ts';

const FORMULA_SOMEWHERE = /(?:^|[;\t|\r\n])[\s\p{Cf}"]*[=+\-@＝＋－＠]|^[\t\r\n\0]/u;
const CHARACTERS = 1024 * 1024;

describe('F5 a text in rejects as CSV', () => {
  it('never is a formula, whatever a spreadsheet splits at, and can be had back', () => {
    const character = fc.constantFrom(...'=+-@＝＋－＠;|\t\r\n\0 "\'\u00a0\ufeff\u200b,a1');
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 12 }), (text) => {
        const inert = marked(text);
        expect(inert).not.toMatch(FORMULA_SOMEWHERE);
        expect(unmarked(inert)).toBe(text);
      }),
      propertyRuns(5000),
    );
  });

  it('that holds no such thing stays as it is', () => {
    for (const text of ['', 'a=1', '1-2', 'u1,view,2024-01-15,p1,Mug,19.99,s1', "it's", '2024-01-15T10:00:00+02:00']) {
      expect(marked(text)).toBe(text);
    }
  });

  // In quadratic time each would take hours.
  it.each([
    '\t',
    '\n',
    ' ',
    "'",
    ';',
    '\n=',
    '"',
    '\ufeff',
    '=',
  ])('takes time that grows with its length only: %j', (piece) => {
    const text = piece.repeat(CHARACTERS / piece.length);
    expect(unmarked(marked(text))).toHaveLength(text.length);
  }, 10_000);
});
