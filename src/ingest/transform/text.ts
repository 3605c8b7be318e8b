import { isMissing, missingValue } from './missing-value.ts';
import { quoted } from './quoted-value.ts';
import type { Rejection } from './rejection.ts';

/** Longest values, in code points: what `varchar(n)` counts (PostgreSQL docs, "8.3. Character Types"). */
export const IDENTIFIER_LIMIT = 50;
export const VERBATIM_LIMITS = { product_name: 255, session_id: 100 } as const;

/**
 * An identifier, trimmed and upper-cased by the locale-independent mapping of Unicode. The limit holds for the result,
 * because that is what is stored: 26 times "ß" becomes 52 times "S".
 */
export function cleanIdentifier(column: 'user_id' | 'product_id', value: string): string | Rejection {
  if (isMissing(value)) return missingValue(column);
  const identifier = value.trim().toUpperCase();
  if (!isWithin(identifier, IDENTIFIER_LIMIT)) {
    const counted = `${codePointCount(identifier)} characters once trimmed and upper-cased`;
    return tooLong(column, value, counted, IDENTIFIER_LIMIT);
  }
  return identifier;
}

/** A text that is kept exactly as written, with any spaces around it. */
export function cleanVerbatimText(column: 'product_name' | 'session_id', value: string): string | Rejection {
  if (isMissing(value)) return missingValue(column);
  const limit = VERBATIM_LIMITS[column];
  if (!isWithin(value, limit)) return tooLong(column, value, `${codePointCount(value)} characters`, limit);
  return value;
}

function isWithin(value: string, limit: number): boolean {
  // A code point is one or two UTF-16 units, so only a length between the limit and its double needs counting.
  if (value.length <= limit) return true;
  if (value.length > limit * 2) return false;
  return codePointCount(value) <= limit;
}

function codePointCount(value: string): number {
  let count = value.length;
  for (let at = 0; at < value.length; at++) {
    // Both units of a surrogate pair belong to one code point.
    if ((value.codePointAt(at) ?? 0) > 0xffff) {
      count--;
      at++;
    }
  }
  return count;
}

/** Quotes the value as written, even where its clean form was counted: that is what can be found in the file. */
function tooLong(
  column: 'user_id' | 'product_id' | 'product_name' | 'session_id',
  value: string,
  counted: string,
  limit: number,
): Rejection {
  return {
    reason: 'value_too_long',
    column,
    message: `${column} has ${counted}, at most ${limit} are allowed: ${quoted(value)}`,
  };
}
