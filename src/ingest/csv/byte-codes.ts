/** The bytes that mean something in a CSV file, by name. */
export const NUL = 0x00;
export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const SEMICOLON = 0x3b;
export const PIPE = 0x7c;

/** Whether the byte ends a line, or is the first of the two that do. */
export function isLineEnd(byte: number): boolean {
  return byte === LF || byte === CR;
}
