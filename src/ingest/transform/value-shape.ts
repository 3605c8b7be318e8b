import { SPACE } from './ascii.ts';

const LONGEST_SHAPE = 40;
/** However long a value is, no more of it is looked at. */
const LOOKED_AT_BYTES = 1024;

const LETTER = /[\p{L}\p{M}]/u;
const SMALL_LETTER = /\p{Ll}/u;
const DIGIT = /\p{Nd}/u;

/** For each ASCII character what stands for it; runs of the first three are one. */
const ASCII_SHAPE = Array.from({ length: 128 }, (_, code) => shapeOfCharacter(String.fromCharCode(code)));

/**
 * What a value looks like: `A+` for capital letters, `a+` for others, `9+` for digits, however many of them stand in a row, and every
 * other character as it is, so that `12,50` and `7,5` are both `9+,9+`. White space at the ends does not count: nothing but that has
 * the shape of nothing. Of long ones the beginning.
 */
export function shapeOf(bytes: Buffer, start: number, end: number): string {
  const first = skipSpace(bytes, start, end);
  const seenEnd = Math.min(end, first + LOOKED_AT_BYTES);
  let shape = '';
  let last = '';
  for (let at = first; at < seenEnd; at += 1) {
    const code = bytes[at] as number;
    if (code >= ASCII_SHAPE.length) return shapeOfText(bytes.toString('utf8', first, seenEnd).trimStart());
    const next = ASCII_SHAPE[code] as string;
    if (next.length > 1 && next === last) continue;
    shape += next;
    last = next;
    if (shape.length > LONGEST_SHAPE) break;
  }
  return cut(shape.trim());
}

/** However much of it is before a value: what is cut behind it would be nothing but white space. */
function skipSpace(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && isSpace(bytes[at] as number)) at += 1;
  return at;
}

/** Tab, line feed, vertical tab, form feed and carriage return are a row of codes. */
function isSpace(code: number): boolean {
  return code === SPACE || (code >= 0x09 && code <= 0x0d);
}

function shapeOfText(text: string): string {
  let shape = '';
  let last = '';
  for (const character of text) {
    const next = shapeOfCharacter(character);
    if (next.length > 1 && next === last && next !== character) continue;
    shape += next;
    last = next;
    if (shape.length > LONGEST_SHAPE) break;
  }
  return cut(shape.trim());
}

function shapeOfCharacter(character: string): string {
  if (LETTER.test(character)) return SMALL_LETTER.test(character) || !/\p{Lu}/u.test(character) ? 'a+' : 'A+';
  return DIGIT.test(character) ? '9+' : character;
}

function cut(shape: string): string {
  if (shape.length <= LONGEST_SHAPE) return shape;
  const kept = shape.slice(0, LONGEST_SHAPE - 1);
  // Half a surrogate pair is no text.
  return `${/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}
