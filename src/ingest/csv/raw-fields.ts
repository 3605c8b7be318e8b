/** A field of a record as text. */
export interface RawField {
  /** without its quotes, and with `""` as `"` */
  readonly value: string;
  /** where it begins in the text, in UTF-16 units, its quotes included */
  readonly start: number;
  /** just behind it */
  readonly end: number;
}

const QUOTE = '"';

/**
 * Takes the kept text of a rejected row apart. Of a well-formed record it gives what the reader gives; where quotes are broken or
 * the text was cut it never fails, and every character is in one of the fields: a quote that is never closed is a
 * character like others, and so is what follows a closing quote.
 */
export function rawFields(text: string, delimiter: string): RawField[] {
  const fields: RawField[] = [];
  for (let start = 0; ; ) {
    const field = fieldAt(text, start, delimiter);
    fields.push(field);
    if (field.end === text.length) return fields;
    start = field.end + delimiter.length;
  }
}

function fieldAt(text: string, start: number, delimiter: string): RawField {
  const closing = text[start] === QUOTE ? closingQuote(text, start) : -1;
  const end = delimiterFrom(text, closing === -1 ? start : closing + 1, delimiter);
  if (closing === -1) return { value: text.slice(start, end), start, end };
  const inner = text.slice(start + 1, closing).replaceAll('""', QUOTE);
  return { value: inner + text.slice(closing + 1, end), start, end };
}

/** The quote that closes the one at `opening`; -1 where none does. */
function closingQuote(text: string, opening: number): number {
  let at = text.indexOf(QUOTE, opening + 1);
  while (at !== -1 && text[at + 1] === QUOTE) at = text.indexOf(QUOTE, at + 2);
  return at;
}

function delimiterFrom(text: string, from: number, delimiter: string): number {
  const at = text.indexOf(delimiter, from);
  return at === -1 ? text.length : at;
}
