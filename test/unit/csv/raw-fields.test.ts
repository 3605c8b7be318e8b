import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rawFields } from '../../../src/ingest/csv/raw-fields.ts';
import { csvLine } from '../../support/csv-line.ts';
import { propertyRuns } from '../../support/property-runs.ts';

const values = (text: string, delimiter = ',') => rawFields(text, delimiter).map(({ value }) => value);
const cell = fc.string({ unit: fc.constantFrom(...'a1 ",;\t|\r\n\'=é😀'), maxLength: 8 });
const delimiter = fc.constantFrom(',', ';', '\t', '|');

describe('the fields of a row as it stands in the ledger', () => {
  it('of a well-formed record are those that csv-parse finds', () => {
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 9 }), delimiter, fc.nat(), (cells, by, quoted) => {
        const style = { delimiter: by, lineEnd: '\n', isQuoted: (field: number) => ((quoted >> field) & 1) === 1 };
        // csv-parse takes an empty text for no record.
        const raw = csvLine(cells, style) || '""';
        expect(values(raw, by)).toEqual(parse(raw, { delimiter: by, record_delimiter: '\u0000' })[0]);
        expect(values(raw, by)).toEqual(cells);
      }),
      propertyRuns(2000),
    );
  });

  it('of any text are all of it, one behind the other, with a delimiter between them', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'a",;\n'), maxLength: 30 }), (text) => {
        const fields = rawFields(text, ',');
        expect(fields.map(({ start, end }) => text.slice(start, end)).join(',')).toBe(text);
        // Nothing is made up, and nothing but quotes is left out.
        for (const { value, start, end } of fields) {
          expect(value.replaceAll('"', '')).toBe(text.slice(start, end).replaceAll('"', ''));
        }
      }),
      propertyRuns(2000),
    );
  });

  it.each([
    ['a quote that is never closed is a character', 'u,"Mug,1', ['u', '"Mug', '1']],
    ['so is what follows a closing quote', 'u,"5"" TV" big,1', ['u', '5" TV big', '1']],
    ['and a quote inside a field', 'u,5" TV,1', ['u', '5" TV', '1']],
    ['a text may be cut anywhere', 'u,"Mug, lar', ['u', '"Mug', ' lar']],
    ['nothing is one empty field', '', ['']],
    ['behind the last delimiter is one more', 'a,', ['a', '']],
  ])('%s', (_what, raw, expected) => {
    expect(values(raw)).toEqual(expected);
  });

  it('know where they stand, their quotes included, in UTF-16 units', () => {
    expect(rawFields('😀,"a,""b""",c', ',')).toEqual([
      { value: '😀', start: 0, end: 2 },
      { value: 'a,"b"', start: 3, end: 12 },
      { value: 'c', start: 13, end: 14 },
    ]);
  });
});
