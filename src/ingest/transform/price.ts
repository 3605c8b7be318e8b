import { isDigit, LOWER_E, MINUS, PLUS, POINT, UPPER_E, ZERO } from './ascii.ts';
import { isMissing, missingValue } from './missing-value.ts';
import { quoted } from './quoted-value.ts';
import type { Rejection } from './rejection.ts';

/** numeric(10,2) holds ten digits, two of them cents. */
const MAX_CENTS = 9_999_999_999;
const MAX_CENT_DIGITS = 10;
const MAX_PLAIN_DIGITS = 8;

/** Beyond the longest record that memory can hold, so that no number of digits can make up for a larger exponent. */
const EXPONENT_CEILING = 10_000_000_000;

export type PriceFault = 'invalid_price' | 'non_positive_price' | 'price_out_of_range';

/**
 * A price in whole cents, 1 to 9,999,999,999. Sign, decimals and exponent are allowed (the plain decimal constants of
 * PostgreSQL docs, "4.1.2.6. Numeric Constants", with a sign) and nothing else: no spaces, words, grouping or other bases.
 *
 * It is rounded as PostgreSQL rounds `numeric`, half away from zero, by looking at the decimal digits themselves: as a
 * double 1.005 is below one half and would round down. The time is linear in the length, whatever the exponent.
 */
export function readCents(bytes: Uint8Array, start: number, end: number): number | PriceFault {
  const sign = start < end ? bytes[start] : 0;
  const firstDigitOrPoint = sign === MINUS || sign === PLUS ? start + 1 : start;

  const cents = readPlainCents(bytes, firstDigitOrPoint, end);
  if (cents > 0 && sign !== MINUS) return cents;

  let at = firstDigitOrPoint;
  let pointAt = -1;
  let firstNonZero = -1;
  for (; at < end; at++) {
    const code = bytes[at] as number;
    if (isDigit(code)) {
      if (firstNonZero === -1 && code !== ZERO) firstNonZero = at;
    } else if (code === POINT && pointAt === -1) {
      pointAt = at;
    } else {
      break;
    }
  }
  const mantissaEnd = at;
  const digits = mantissaEnd - firstDigitOrPoint - (pointAt === -1 ? 0 : 1);
  if (digits === 0) return 'invalid_price';

  let exponent = 0;
  if (mantissaEnd < end) {
    exponent = readExponent(bytes, mantissaEnd, end);
    if (Number.isNaN(exponent)) return 'invalid_price';
  }
  if (firstNonZero === -1 || sign === MINUS) return 'non_positive_price';

  // The value is 0.d₁d₂d₃… × 10^magnitude, d₁ being its first digit that is not zero.
  const integerEnd = pointAt === -1 ? mantissaEnd : pointAt;
  const magnitude = integerEnd - firstNonZero + (firstNonZero > integerEnd ? 1 : 0) + exponent;
  return roundToCents(bytes, firstNonZero, mantissaEnd, magnitude + 2);
}

/** The cents of up to eight digits with two decimals or none, as nearly every price is written; 0 for anything else. */
function readPlainCents(bytes: Uint8Array, start: number, end: number): number {
  const hasDecimals = end - start > 3 && bytes[end - 3] === POINT;
  const integerEnd = hasDecimals ? end - 3 : end;
  if (integerEnd - start > MAX_PLAIN_DIGITS || integerEnd === start) return 0;
  let value = 0;
  for (let at = start; at < integerEnd; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return 0;
    value = value * 10 + digit;
  }
  if (!hasDecimals) return value * 100;
  const tenths = (bytes[end - 2] as number) - ZERO;
  const hundredths = (bytes[end - 1] as number) - ZERO;
  if (tenths < 0 || tenths > 9 || hundredths < 0 || hundredths > 9) return 0;
  return value * 100 + tenths * 10 + hundredths;
}

/** Says what is wrong with a value that {@link readCents} refuses. */
export function priceRejection(value: string, fault: PriceFault): Rejection {
  if (isMissing(value)) return missingValue('product_price');
  return { reason: fault, column: 'product_price', message: `product_price ${quoted(value)} ${explain(fault)}` };
}

function explain(fault: PriceFault): string {
  switch (fault) {
    case 'invalid_price':
      return 'is not a price: allowed are digits with an optional sign, decimal point and exponent, such as 19.99';
    case 'non_positive_price':
      return 'is not above 0 once rounded to cents';
    case 'price_out_of_range':
      return 'is above 99999999.99 once rounded to cents';
  }
}

/** The exponent that must fill the field from its `e` on, capped at either end; NaN if it is something else. */
function readExponent(bytes: Uint8Array, eAt: number, end: number): number {
  const e = bytes[eAt];
  if (e !== LOWER_E && e !== UPPER_E) return Number.NaN;
  const sign = eAt + 1 < end ? bytes[eAt + 1] : 0;
  const start = sign === MINUS || sign === PLUS ? eAt + 2 : eAt + 1;
  if (start >= end) return Number.NaN;

  let exponent = 0;
  for (let at = start; at < end; at++) {
    const code = bytes[at] as number;
    if (!isDigit(code)) return Number.NaN;
    if (exponent < EXPONENT_CEILING) exponent = exponent * 10 + (code - ZERO);
  }
  return sign === MINUS ? -exponent : exponent;
}

/** Rounds the number whose first `centDigits` digits, from `firstDigit` on, are whole cents and the others a fraction. */
function roundToCents(bytes: Uint8Array, firstDigit: number, end: number, centDigits: number): number | PriceFault {
  // Decided before the loop, so that an exponent of a billion does not turn it into a billion rounds.
  if (centDigits > MAX_CENT_DIGITS) return 'price_out_of_range';
  if (centDigits < 0) return 'non_positive_price';

  let cents = 0;
  let at = firstDigit;
  for (let left = centDigits; left > 0; left--) {
    if (bytes[at] === POINT) at++;
    cents = cents * 10 + (at < end ? (bytes[at] as number) - ZERO : 0);
    at++;
  }
  if (bytes[at] === POINT) at++;
  if (at < end && (bytes[at] as number) - ZERO >= 5) cents++;

  if (cents > MAX_CENTS) return 'price_out_of_range';
  return cents > 0 ? cents : 'non_positive_price';
}
