/**
 * Text from outside, such as a file name or a header, without what a terminal would obey: control characters, of which its
 * commands begin with one, and what turns the direction of text around. They are written as escapes.
 */
export function plainText(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
