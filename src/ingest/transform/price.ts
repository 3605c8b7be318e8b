import { isDigit, LOWER_E, MINUS, PLUS, POINT, UPPER_E, ZERO } from './ascii.ts';
import type { Rejection } from './clean-event.ts';
import { isMissing, missingValue } from './missing-value.ts';
import { quoted } from './quoted-value.ts';

/** numeric(10,2) holds ten digits, two of them cents. */
const MAX_CENTS = 9_999_999_999;
const MAX_CENT_DIGITS = 10;

/** Beyond the longest string that V8 can hold, so that no number of digits can make up for a larger exponent. */
const EXPONENT_CEILING = 10_000_000_000;

type PriceFault = 'invalid_price' | 'non_positive_price' | 'price_out_of_range';

/**
 * A price in whole cents, 1 to 9,999,999,999. Sign, decimals and exponent are allowed (the plain decimal constants of
 * PostgreSQL docs, "4.1.2.6. Numeric Constants", with a sign) and nothing else: no spaces, words, grouping or other bases.
 *
 * It is rounded as PostgreSQL rounds `numeric`, half away from zero, by looking at the decimal digits themselves: as a
 * double 1.005 is below one half and would round down. The time is linear in the length, whatever the exponent.
 */
export function cleanPriceCents(value: string): number | Rejection {
  const result = readCents(value);
  if (typeof result === 'number') return result;
  if (isMissing(value)) return missingValue('product_price');
  return { reason: result, column: 'product_price', message: `product_price ${quoted(value)} ${explain(result)}` };
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

function readCents(text: string): number | PriceFault {
  const sign = text.charCodeAt(0);
  const start = sign === MINUS || sign === PLUS ? 1 : 0;

  let at = start;
  let pointAt = -1;
  let firstNonZero = -1;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isDigit(code)) {
      if (firstNonZero === -1 && code !== ZERO) firstNonZero = at;
    } else if (code === POINT && pointAt === -1) {
      pointAt = at;
    } else {
      break;
    }
  }
  const end = at;
  const digits = end - start - (pointAt === -1 ? 0 : 1);
  if (digits === 0) return 'invalid_price';

  let exponent = 0;
  if (end < text.length) {
    exponent = readExponent(text, end);
    if (Number.isNaN(exponent)) return 'invalid_price';
  }
  if (firstNonZero === -1 || sign === MINUS) return 'non_positive_price';

  // The value is 0.d₁d₂d₃… × 10^magnitude, d₁ being its first digit that is not zero.
  const integerEnd = pointAt === -1 ? end : pointAt;
  const magnitude = integerEnd - firstNonZero + (firstNonZero > integerEnd ? 1 : 0) + exponent;
  return roundToCents(text, firstNonZero, end, magnitude + 2);
}

/** The exponent that must fill the text from its `e` on, capped at either end; NaN if it is something else. */
function readExponent(text: string, eAt: number): number {
  const e = text.charCodeAt(eAt);
  if (e !== LOWER_E && e !== UPPER_E) return Number.NaN;
  const sign = text.charCodeAt(eAt + 1);
  const start = sign === MINUS || sign === PLUS ? eAt + 2 : eAt + 1;
  if (start >= text.length) return Number.NaN;

  let exponent = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (!isDigit(code)) return Number.NaN;
    if (exponent < EXPONENT_CEILING) exponent = exponent * 10 + (code - ZERO);
  }
  return sign === MINUS ? -exponent : exponent;
}

/** Rounds the number whose first `centDigits` digits, from `firstDigit` on, are whole cents and the others a fraction. */
function roundToCents(text: string, firstDigit: number, end: number, centDigits: number): number | PriceFault {
  // Decided before the loop, so that an exponent of a billion does not turn it into a billion rounds.
  if (centDigits > MAX_CENT_DIGITS) return 'price_out_of_range';
  if (centDigits < 0) return 'non_positive_price';

  let cents = 0;
  let at = firstDigit;
  for (let left = centDigits; left > 0; left--) {
    if (text.charCodeAt(at) === POINT) at++;
    cents = cents * 10 + (at < end ? text.charCodeAt(at) - ZERO : 0);
    at++;
  }
  if (text.charCodeAt(at) === POINT) at++;
  if (at < end && text.charCodeAt(at) - ZERO >= 5) cents++;

  if (cents > MAX_CENTS) return 'price_out_of_range';
  return cents > 0 ? cents : 'non_positive_price';
}
