import { describe, expect, test } from 'vitest';
import { cleanIdentifier, cleanVerbatimText } from '../../../src/ingest/transform/text.ts';

const ROCKET = '\u{1f680}'; // one code point, two UTF-16 units

describe.each(['user_id', 'product_id'] as const)('%s', (column) => {
  test.each([
    ['is upper-cased', 'user_1a', 'USER_1A'],
    ['loses the white space around it', ' \t u1 \n', 'U1'],
    ['loses no-break spaces and a stray byte order mark around it', '\ufeff\u00a0u1\u3000', 'U1'],
    ['keeps white space inside it', 'a b', 'A B'],
    ['is upper-cased beyond ASCII', 'élan-ÿ', 'ÉLAN-Ÿ'],
    ['is upper-cased without the rules of any language', 'i', 'I'],
    ['may grow when upper-cased', 'straße', 'STRASSE'],
    ['keeps a zero width space, which is not white space', '\u200bu1', '\u200bU1'],
    ['may hold 1 character', 'a', 'A'],
    ['may hold 50 characters', 'a'.repeat(50), 'A'.repeat(50)],
    ['may hold 50 characters and white space around them', ` ${'a'.repeat(50)} `, 'A'.repeat(50)],
    ['may hold 50 characters outside the basic plane', ROCKET.repeat(50), ROCKET.repeat(50)],
    ['may hold 25 ß, which become 50 S', 'ß'.repeat(25), 'S'.repeat(50)],
  ])('%s', (_, value, identifier) => {
    expect(cleanIdentifier(column, value)).toBe(identifier);
  });

  test.each([
    ['51 characters', 'a'.repeat(51), 51],
    ['51 characters outside the basic plane', ROCKET.repeat(51), 51],
    ['50 characters outside the basic plane and one more', `${ROCKET.repeat(50)}a`, 51],
    ['26 ß, which become 52 S', 'ß'.repeat(26), 52],
    ['a million characters', 'a'.repeat(1_000_000), 1_000_000],
  ])('is too long with %s', (_, value, length) => {
    expect(cleanIdentifier(column, value)).toEqual({
      reason: 'value_too_long',
      column,
      message: expect.stringContaining(`${column} has ${length} characters`),
    });
  });
});

describe.each([
  ['product_name', 255],
  ['session_id', 100],
] as const)('%s', (column, limit) => {
  test.each([
    ['is kept as written', 'Straße "7" — \\n'],
    ['keeps the spaces around it', '  Lamp\t'],
    ['may hold 1 character', 'a'],
    [`may hold ${limit} characters`, 'a'.repeat(limit)],
    [`may hold ${limit} characters, some of them spaces at the end`, `a${' '.repeat(limit - 1)}`],
    [`may hold ${limit} characters outside the basic plane`, ROCKET.repeat(limit)],
  ])('%s', (_, value) => {
    expect(cleanVerbatimText(column, value)).toBe(value);
  });

  test.each([
    [`${limit + 1} characters`, 'a'.repeat(limit + 1)],
    [`${limit + 1} characters, one of them a space at the end`, `${'a'.repeat(limit)} `],
    [`${limit + 1} characters outside the basic plane`, ROCKET.repeat(limit + 1)],
    [`${limit} characters outside the basic plane and one more`, `${ROCKET.repeat(limit)}a`],
  ])('is too long with %s', (_, value) => {
    expect(cleanVerbatimText(column, value)).toEqual({
      reason: 'value_too_long',
      column,
      message: expect.stringContaining(`${column} has ${limit + 1} characters, at most ${limit} are allowed`),
    });
  });
});

test('a text that is too long is quoted as it stands in the file', () => {
  expect(cleanIdentifier('user_id', ` ${'ß'.repeat(26)}`)).toMatchObject({
    message: `user_id has 52 characters once trimmed and upper-cased, at most 50 are allowed: " ${'ß'.repeat(26)}"`,
  });
  expect(cleanVerbatimText('session_id', 'x'.repeat(101))).toMatchObject({
    message: `session_id has 101 characters, at most 100 are allowed: "${'x'.repeat(60)}…"`,
  });
});

describe('a text is missing', () => {
  const everyWhiteSpace =
    '\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff';

  test.each([
    ['empty', ''],
    ['a space', ' '],
    ['a no-break space', '\u00a0'],
    ['every white space that there is', everyWhiteSpace],
  ])('when it is %s', (_, value) => {
    expect(cleanIdentifier('user_id', value)).toMatchObject({ reason: 'missing_value', column: 'user_id' });
    expect(cleanVerbatimText('session_id', value)).toMatchObject({ reason: 'missing_value', column: 'session_id' });
  });

  test.each([
    ['a zero width space', '\u200b'],
    ['a next line control', '\u0085'],
    ['a delete control', '\u007f'],
    ['an escape control', '\u001b'],
    ['the word null', 'NULL'],
    ['one letter among spaces', ' x '],
  ])('but not when it is %s', (_, value) => {
    expect(cleanVerbatimText('session_id', value)).toBe(value);
  });
});
