/** ASCII codes that the strict grammars of timestamps and prices are read with, one byte at a time. */
export const PLUS = 0x2b;
export const MINUS = 0x2d;
export const POINT = 0x2e;
export const ZERO = 0x30;
export const NINE = 0x39;
export const COLON = 0x3a;
export const SPACE = 0x20;
export const UPPER_E = 0x45;
export const UPPER_T = 0x54;
export const UPPER_Z = 0x5a;
export const LOWER_E = 0x65;

export function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}
