import fc from 'fast-check';

/** ECMA-262 WhiteSpace and LineTerminator: what `String.prototype.trim` removes. */
export const WHITE_SPACE =
  '\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff';

/** Dates and times of every form, near the bounds of each part, near clock changes, and some of them damaged. */
export function timestamps(): fc.Arbitrary<string> {
  const two = (least: number, most: number): fc.Arbitrary<string> =>
    fc.integer({ min: least, max: most }).map((number) => String(number).padStart(2, '0'));
  const year = fc.oneof(
    fc.constantFrom(
      '0000',
      '0001',
      '0002',
      '0099',
      '0100',
      '1900',
      '1969',
      '1970',
      '2000',
      '2024',
      '2026',
      '2038',
      '9998',
      '9999',
    ),
    fc.integer({ min: 0, max: 9999 }).map((number) => String(number).padStart(4, '0')),
  );
  const bound = fc.constantFrom('0001-01-01', '9999-12-31', '2024-02-29', '1900-02-29', '1969-12-31', '1970-01-01');
  const clockChange = fc.constantFrom(
    '1883-11-18',
    '1966-04-24',
    '1986-01-01',
    '2007-03-11',
    '2026-03-07',
    '2026-03-08',
    '2026-03-09',
    '2026-10-31',
    '2026-11-01',
    '2026-11-02',
    '2026-04-04',
    '2026-04-05',
    '2026-10-04',
    '2026-03-29',
    '2026-10-25',
    '2011-12-29',
    '2011-12-30',
    '2011-12-31',
    '2150-03-08',
    '9999-11-07',
  );
  const anyDay = fc.tuple(year, two(0, 13), two(0, 32)).map((parts) => parts.join('-'));
  const realDay = fc.tuple(year, two(1, 12), two(1, 28)).map((parts) => parts.join('-'));
  const date = fc.oneof(bound, clockChange, anyDay, realDay);

  const hour = fc.oneof(two(0, 4), two(0, 23), fc.constantFrom('00', '23', '24'));
  const sixty = fc.oneof(two(0, 59), fc.constantFrom('00', '03', '30', '58', '59', '60'));
  const fraction = fc.oneof(
    fc.integer({ min: 1, max: 999_999_999 }).map((number) => `.${number}`),
    fc.constantFrom('.0', '.000001', '.999999', '.9999999', '.0000019', '.5', '.1234567890123456789'),
  );
  const second = fc.oneof(
    fc.constant(''),
    fc.tuple(fc.constant(':'), sixty).map(joined),
    fc.tuple(fc.constant(':'), sixty, fraction).map(joined),
  );
  const time = fc.oneof(
    { weight: 1, arbitrary: fc.constant('') },
    { weight: 4, arbitrary: fc.tuple(fc.constantFrom('T', ' '), hour, fc.constant(':'), sixty, second).map(joined) },
  );
  const offset = fc.tuple(
    fc.constantFrom('+', '-'),
    fc.oneof(two(0, 16), fc.constantFrom('00', '15')),
    fc.oneof(fc.constant(''), fc.tuple(fc.constant(':'), sixty).map(joined)),
  );
  const zone = fc.oneof(
    { weight: 2, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: fc.constant('Z') },
    { weight: 2, arbitrary: offset.map(joined) },
  );
  return sometimesDamaged(fc.tuple(date, time, zone).map(joined), '0123459-+:. TZtz/,e\n');
}

/** Numbers of every form, in thousandths of a cent near the bounds, and some of them damaged. */
export function prices(): fc.Arbitrary<string> {
  const digits = (most: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^[0-9]{0,${most}}$`));
  const sign = fc.constantFrom('', '', '', '+', '-');
  const anyNumber = fc
    .tuple(sign, digits(12), fc.constantFrom('', '.'), digits(8), fc.oneof(fc.constant(''), exponents()))
    .map(joined);
  const nearBound = fc
    .tuple(
      fc.constantFrom(0n, 500n, 1000n, 1500n, 99_500n, 9_999_999_999_000n, 9_999_999_999_500n, 10_000_000_000_000n),
      fc.bigInt({ min: -3n, max: 3n }),
      fc.integer({ min: -12, max: 12 }),
    )
    .map(([bound, distance, exponent]) => shifted(bound + distance, 5 + exponent, exponent));
  return sometimesDamaged(fc.oneof(anyNumber, nearBound), '0159.+-eE _,xN/:');
}

function exponents(): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), fc.integer({ min: 0, max: 20 }))
    .map(([e, sign, exponent]) => `${e}${sign}${exponent}`);
}

/** The number `digits` × 10^-`decimals` × 10^`exponent`, written with a decimal point where there is room for one. */
function shifted(digits: bigint, decimals: number, exponent: number): string {
  const sign = digits < 0n ? '-' : '';
  const text = String(digits < 0n ? -digits : digits).padStart(Math.max(decimals, 0) + 1, '0');
  if (decimals <= 0) return `${sign}${text}e${exponent - decimals}`;
  const number = `${sign}${text.slice(0, -decimals)}.${text.slice(-decimals)}`;
  return exponent === 0 ? number : `${number}e${exponent}`;
}

/**
 * Texts around the limits of 50, 100 and 255 code points. The characters come from blocks whose case mappings have been
 * settled since long before the oldest supported PostgreSQL: the newest letters differ by version of Unicode.
 */
export function texts(): fc.Arbitrary<string> {
  const character = fc.oneof(
    fc.integer({ min: 0x21, max: 0x17f }).map((code) => String.fromCodePoint(code)),
    fc
      .integer({ min: 0x391, max: 0x3ce })
      .filter((code) => code !== 0x3a2)
      .map((code) => String.fromCodePoint(code)),
    fc.integer({ min: 0x400, max: 0x45f }).map((code) => String.fromCodePoint(code)),
    fc.constantFrom(
      'ß',
      'ŉ',
      'ǰ',
      'ΐ',
      'և',
      'ﬃ',
      'ᾳ',
      'ı',
      'ſ',
      'ς',
      'a\u0345',
      '\u{10428}',
      '\u{1f680}',
      '👩‍🚀',
      'e\u0301',
      '\\',
      '"',
    ),
  );
  const space = fc.constantFrom('', '', '', ...WHITE_SPACE);
  const length = fc.oneof(
    fc.integer({ min: 0, max: 60 }),
    fc.constantFrom(24, 25, 26, 49, 50, 51, 99, 100, 101, 254, 255, 256),
  );
  const mixed = length.chain((size) =>
    fc.array(character, { minLength: size, maxLength: size }).map((all) => all.join('')),
  );
  const uniform = fc.tuple(character, length).map(([one, size]) => one.repeat(size));
  return fc.tuple(space, fc.oneof(mixed, uniform), space).map(joined);
}

/** The text itself or, for one in four, with a character put in, left out or replaced. */
function sometimesDamaged(text: fc.Arbitrary<string>, alphabet: string): fc.Arbitrary<string> {
  const damage = fc
    .tuple(text, fc.nat(), fc.constantFrom(0, 1), fc.constantFrom('', ...alphabet))
    .map(([whole, position, removed, added]) => {
      const at = position % (whole.length + 1);
      return whole.slice(0, at) + added + whole.slice(at + removed);
    });
  return fc.oneof({ weight: 3, arbitrary: text }, { weight: 1, arbitrary: damage });
}

function joined(parts: readonly string[]): string {
  return parts.join('');
}
