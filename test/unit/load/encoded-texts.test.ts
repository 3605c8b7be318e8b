import { describe, expect, test } from 'vitest';
import { WHITE_SPACE } from '../../support/arbitrary-values.ts';
import { type CsvStyle, PLAIN_STYLE, QUOTED_STYLE } from '../../support/csv-line.ts';
import { encodeRows } from '../../support/encoded-events.ts';

const STYLES: [string, CsvStyle][] = [
  ['quoted where needed', PLAIN_STYLE],
  ['with every field quoted', QUOTED_STYLE],
];

/** Characters of one to four bytes. */
const SIZES = ['x', 'é', '€', '🚀'] as const;

const IDENTIFIERS: [string, string, string][] = [
  ['is upper-cased', 'user_1a', 'USER_1A'],
  ['keeps digits and signs', '{[0-9]}~@`!', '{[0-9]}~@`!'],
  ['keeps spaces inside it', 'a  b\tc', 'A  B\tC'],
  ['loses the spaces around it', '  a b  ', 'A B'],
  ['loses white space behind it only', 'a\u00a0', 'A'],
  ['loses white space before it only', '\u3000a', 'A'],
  ['has its doubled quotes halved', 'a"b""c', 'A"B""C'],
  ['may begin and end with a quote', '"a"', '"A"'],
  ['may be a quote', '"', '"'],
  ['may hold a delimiter and line ends', 'a,b\r\nc\nd', 'A,B\r\nC\nD'],
  ['has ß upper-cased', 'straße', 'STRASSE'],
  ['has é upper-cased', 'é', 'É'],
  ['has é upper-cased at its end', 'cafe-é', 'CAFE-É'],
  ['has é upper-cased between ASCII', 'caféx', 'CAFÉX'],
  ['keeps an emoji', '🚀a', '🚀A'],
  ['keeps a control character at its ends', '\u001fa\u007f', '\u001fA\u007f'],
  ['may have 50 bytes', 'a'.repeat(50), 'A'.repeat(50)],
  ['may have 51 bytes that are 50 characters', `${'a'.repeat(49)}é`, `${'A'.repeat(49)}É`],
  ['may have 50 characters and 52 bytes in the file, for spaces', ` ${'a'.repeat(50)} `, 'A'.repeat(50)],
  ['may have 50 characters, one of them a doubled quote', `${'a'.repeat(49)}"`, `${'A'.repeat(49)}"`],
  ['may be 50 quotes', '"'.repeat(50), '"'.repeat(50)],
  ['may have 50 characters of 4 bytes', '🚀'.repeat(50), '🚀'.repeat(50)],
  ['may be 25 ß, which become 50 S', 'ß'.repeat(25), 'S'.repeat(50)],
  ['may be 48 letters and ß', `${'a'.repeat(48)}ß`, `${'A'.repeat(48)}SS`],
];

const LONG_IDENTIFIERS: [string, string, number][] = [
  ['51 bytes', 'a'.repeat(51), 51],
  ['51 characters with é among them', `${'a'.repeat(50)}é`, 51],
  ['50 bytes that become 51 characters', `${'a'.repeat(47)}ŉß`, 51],
  ['49 letters and ß, 51 once upper-cased', `${'a'.repeat(49)}ß`, 51],
  ['26 ß, 52 bytes and characters once upper-cased', 'ß'.repeat(26), 52],
  ['51 characters of 4 bytes', '🚀'.repeat(51), 51],
  ['51 quotes', '"'.repeat(51), 51],
  ['51 characters between spaces', ` ${'a'.repeat(51)} `, 51],
];

describe.each(STYLES)('of a file %s', (_, style) => {
  describe.each(['user_id', 'product_id'] as const)('%s', (column) => {
    test.each(IDENTIFIERS)('%s', (_name, value, identifier) => {
      expect(outcome({ [column]: value }, style)).toMatchObject({
        [column === 'user_id' ? 'userId' : 'productId']: identifier,
      });
    });

    test.each(LONG_IDENTIFIERS)('is too long with %s', (_name, value, length) => {
      expect(outcome({ [column]: value }, style)).toMatchObject({
        reason: 'value_too_long',
        column,
        message: expect.stringContaining(`${column} has ${length} characters once trimmed and upper-cased`),
      });
    });

    test.each(everyWhiteSpace())('is missing as %s, which it loses before and behind a letter', (_name, space) => {
      expect(outcome({ [column]: space }, style)).toMatchObject({ reason: 'missing_value', column });
      const key = column === 'user_id' ? 'userId' : 'productId';
      for (const value of [`${space}a`, `a${space}`, `${space}a${space}`]) {
        expect(outcome({ [column]: value }, style)).toMatchObject({ [key]: 'A' });
      }
    });
  });

  describe.each([
    ['product_name', 'productName', 255],
    ['session_id', 'sessionId', 100],
  ] as const)('%s', (column, key, limit) => {
    test.each(everyWhiteSpace())('is missing as %s, which it keeps before and behind a letter', (_name, space) => {
      expect(outcome({ [column]: space }, style)).toMatchObject({ reason: 'missing_value', column });
      expect(outcome({ [column]: space.repeat(limit + 1) }, style)).toMatchObject({ reason: 'missing_value', column });
      for (const value of [`${space}a`, `a${space}`, `${space}${space}é`]) {
        expect(outcome({ [column]: value }, style)).toMatchObject({ [key]: value });
      }
    });

    test.each(SIZES)(`may be ${limit} times %s, but no more`, (character) => {
      const longest = character.repeat(limit);
      expect(outcome({ [column]: longest }, style)).toMatchObject({ [key]: longest });
      expect(outcome({ [column]: `${longest}x` }, style)).toMatchObject({ reason: 'value_too_long', column });
      expect(outcome({ [column]: `x${longest}` }, style)).toMatchObject({ reason: 'value_too_long', column });
    });

    test('counts a doubled quote once', () => {
      for (const quotes of [1, 2, limit - 1, limit]) {
        const value = '"'.repeat(quotes) + 'x'.repeat(limit - quotes);
        expect(outcome({ [column]: value }, style)).toMatchObject({ [key]: value });
        expect(outcome({ [column]: `${value}"` }, style)).toMatchObject({
          reason: 'value_too_long',
          message: expect.stringContaining(`${column} has ${limit + 1} characters`),
        });
      }
    });

    test.each(['\u200b', '\u0085', '\u007f', '\u001b', '\u180e', '\u2060', '\u00ad'])('may be only %j', (character) => {
      expect(outcome({ [column]: character }, style)).toMatchObject({ [key]: character });
    });

    test.each(['a"b', '"', 'a,b', 'a\nb', 'a\r\nb\rc', '\\N', '\\.', ' " '])('is kept as written: %j', (value) => {
      expect(outcome({ [column]: value }, style)).toMatchObject({ [key]: value });
    });
  });
});

function everyWhiteSpace(): [string, string][] {
  return [...WHITE_SPACE].map((space) => [`U+${space.charCodeAt(0).toString(16).padStart(4, '0')}`, space]);
}

function outcome(values: Record<string, string>, style: CsvStyle) {
  const row = {
    user_id: 'u',
    event_type: 'view',
    event_timestamp: '2026-01-02',
    product_id: 'p',
    product_name: 'n',
    product_price: '1',
    session_id: 's',
    ...values,
  };
  return encodeRows([row], { style })[0];
}
