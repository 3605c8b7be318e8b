import { describe, expect, test } from 'vitest';
import { readCents } from '../../../src/ingest/transform/price.ts';
import { centsOf } from '../../support/byte-readers.ts';

describe('D7 product_price', () => {
  test.each([
    ['19.99', 1999],
    ['5', 500],
    ['5.', 500],
    ['.5', 50],
    ['+5.00', 500],
    ['0005', 500],
    ['0.10', 10],
    ['.50', 50],
    ['12.3', 1230],
    ['12.', 1200],
    ['1234.56', 123_456],
    ['12345678', 1_234_567_800],
    ['+12345678.90', 1_234_567_890],
    ['012345678.90', 1_234_567_890],
    ['00000000.01', 1],
    ['00000000', 'non_positive_price'],
    ['-12345678.90', 'non_positive_price'],
    ['123456789', 'price_out_of_range'],
    ['1:.00', 'invalid_price'],
    ['1/.00', 'invalid_price'],
    ['1.:0', 'invalid_price'],
    ['1.0/', 'invalid_price'],
    ['1..00', 'invalid_price'],
    ['1e2', 10_000],
    ['1E+2', 10_000],
    ['1.5e1', 1500],
    ['1500e-2', 1500],
    ['.5e1', 500],
    ['5.e0', 500],
    ['+.5E-0', 50],
    ['0e5', 'non_positive_price'],
    ['1e0000000000000000000002', 10_000],
  ])('%s is read as %s cents', (value, expected) => {
    expect(verdict(value)).toBe(expected);
  });

  test.each([
    ['0.01', 1],
    ['0.005', 1],
    ['0.0050', 1],
    ['.005', 1],
    ['5e-3', 1],
    ['0.0149', 1],
    ['0.015', 2],
    ['1.005', 101],
    ['1.0049999999999999999999999', 100],
    ['2.675', 268],
    ['8.345', 835],
    ['9.995', 1000],
    ['0.994999', 99],
    ['99.995', 10_000],
    ['12345.675', 1_234_568],
  ])('%s is rounded half away from zero to %i cents, whatever a double would make of it', (value, cents) => {
    expect(verdict(value)).toBe(cents);
  });

  test.each([
    '0',
    '0.00',
    '-0',
    '+0',
    '.0',
    '0.',
    '0.004',
    '0.0049',
    '0.00499999999999999999999999',
    '4e-3',
    '0.0005',
  ])('%s is not above 0 once rounded', (value) => {
    expect(verdict(value)).toBe('non_positive_price');
  });

  test.each([
    '-0.005',
    '-0.01',
    '-1',
    '-99999999.99',
    '-1e400',
    '-99999999999999999999',
    '-1e-400',
  ])('%s is not above 0 because it is negative', (value) => {
    expect(verdict(value)).toBe('non_positive_price');
  });

  test.each([
    ['99999999.99', 9_999_999_999],
    ['99999999.994', 9_999_999_999],
    ['99999999.99499999999999999999', 9_999_999_999],
    ['9999999999e-2', 9_999_999_999],
    ['0.9999999999e8', 9_999_999_999],
    ['000000000000099999999.99', 9_999_999_999],
  ])('%s is within the upper bound', (value, cents) => {
    expect(verdict(value)).toBe(cents);
  });

  test.each([
    '99999999.995',
    '100000000',
    '100000000.00',
    '1e8',
    '9999999999.5e-2',
    '123456789.12',
    '1e400',
    '0.1e9',
  ])('%s is above the upper bound', (value) => {
    expect(verdict(value)).toBe('price_out_of_range');
  });

  test.each([
    '.',
    '+',
    '-',
    '+.',
    'e5',
    '.e5',
    '1e',
    '1e+',
    '1e-',
    '1e1.5',
    '1e5e5',
    '1..2',
    '1.2.3',
    '--1',
    '+-1',
    '1-',
    ' 1',
    '1 ',
    '1\n',
    '\u00a01',
    '1 000',
    '1,5',
    '1,000.00',
    '1_000',
    '1.000,00',
    '0x1F',
    '0b1',
    '0o7',
    '1f',
    '1.5d',
    'NaN',
    'nan',
    'Infinity',
    '-Infinity',
    'inf',
    '$5',
    '5€',
    '5 EUR',
    '١',
    '５',
    '1e５',
    '½',
    'free',
    'null',
    '1e5\u0000',
  ])('%j is not a price', (value) => {
    expect(verdict(value)).toBe('invalid_price');
  });

  test.each(['', ' ', '\t\u00a0'])('is missing as %j', (value) => {
    expect(verdict(value)).toBe('missing_value');
  });

  test.each([
    ['1e-999999999999', 'non_positive_price'],
    ['1e999999999999', 'price_out_of_range'],
    ['0e999999999999', 'non_positive_price'],
    ['1e9007199254740993', 'price_out_of_range'],
    ['1e-9007199254740993', 'non_positive_price'],
    [`1e-${'9'.repeat(1_000_000)}`, 'non_positive_price'],
    [`1e${'9'.repeat(1_000_000)}`, 'price_out_of_range'],
    [`1e${'0'.repeat(1_000_000)}1`, 1000],
    ['9'.repeat(1_000_000), 'price_out_of_range'],
    [`${'9'.repeat(1_000_000)}e-999992`, 'price_out_of_range'],
    [`${'9'.repeat(1_000_000)}e-999993`, 1_000_000_000],
    [`${'1'.repeat(1_000_000)}e-999992`, 1_111_111_111],
    [`${'0'.repeat(1_000_000)}1`, 100],
    [`0.${'0'.repeat(1_000_000)}1e1000001`, 100],
    [`0.${'0'.repeat(1_000_000)}1`, 'non_positive_price'],
    [`1.00${'4'.repeat(1_000_000)}`, 100],
    [`1.00${'9'.repeat(1_000_000)}`, 101],
    [`${'9'.repeat(1_000_000)}x`, 'invalid_price'],
  ] as const)('a huge exponent or a million digits are read exactly (%#)', (value, expected) => {
    expect(verdict(value)).toBe(expected);
  });

  test('a million digits take a few milliseconds, not the seconds of arithmetic on big numbers', () => {
    const values = [`0.${'5'.repeat(1_000_000)}e1`, `${'5'.repeat(1_000_000)}e-1000000`, `1e${'5'.repeat(1_000_000)}`];
    const fields = values.map((value) => Buffer.from(value));
    const start = performance.now();
    for (const field of fields) readCents(field, 0, field.length);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  test.each([
    [
      '1,5',
      'product_price "1,5" is not a price: allowed are digits with an optional sign, decimal point and exponent, such as 19.99',
    ],
    ['0.004', 'product_price "0.004" is not above 0 once rounded to cents'],
    ['1e400', 'product_price "1e400" is above 99999999.99 once rounded to cents'],
    ['', 'product_price is missing: it must hold more than white space'],
  ])('%j is explained', (value, message) => {
    expect(centsOf(value)).toMatchObject({ column: 'product_price', message });
  });
});

function verdict(value: string): number | string {
  const result = centsOf(value);
  return typeof result === 'number' ? result : result.reason;
}
