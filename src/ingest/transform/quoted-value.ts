/** Longest quotation in a message, in UTF-16 units, without its quotation marks and its ellipsis. */
const QUOTE_LIMIT = 60;

/** Control, format (zero width, text direction), separator and unpaired surrogate characters: what a reader cannot see. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

/**
 * A value as it may stand in a message: in double quotes, cut after about 60 characters with an ellipsis, and with what
 * cannot be seen escaped, so that a message stays one line, cannot steer a terminal and shows why `"view "` is not `view`.
 */
export function quoted(value: string): string {
  let text = '';
  // The slice keeps this O(1) for a value of many megabytes; it is longer than any quotation, so its end is never shown.
  for (const character of value.slice(0, QUOTE_LIMIT + 2)) {
    const visible = escaped(character);
    if (text.length + visible.length > QUOTE_LIMIT) return `"${text}…"`;
    text += visible;
  }
  return `"${text}"`;
}

function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  if (!INVISIBLE.test(character)) return character;
  switch (character) {
    case '\t':
      return '\\t';
    case '\n':
      return '\\n';
    case '\r':
      return '\\r';
    default:
      return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  }
}
