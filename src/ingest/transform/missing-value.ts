import type { EventColumn } from '../event-columns.ts';
import type { Rejection } from './rejection.ts';

/**
 * Whether a value counts as missing: empty, or nothing but white space as `String.prototype.trim` defines it (ECMA-262
 * WhiteSpace and LineTerminator: it includes U+00A0 and U+FEFF, but not U+0085 and U+200B).
 */
export function isMissing(value: string): boolean {
  const first = value.charCodeAt(0);
  // Nearly every value starts with a printable ASCII character; trimming each of them would cost a call for nothing.
  if (first > 0x20 && first < 0x7f) return false;
  return value.trim() === '';
}

export function missingValue(column: EventColumn): Rejection {
  return {
    reason: 'missing_value',
    column,
    message: `${column} is missing: it must hold more than white space`,
  };
}
