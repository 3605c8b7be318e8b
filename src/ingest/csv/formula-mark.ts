/**
 * Where a mark makes text of what a spreadsheet may take for a formula when it opens a cell
 * (https://owasp.org/www-community/attacks/CSV_Injection): in front of the sign, also behind what may be stripped from the cell's
 * beginning. A spreadsheet that splits at something else than the comma begins a cell behind it, whatever is quoted. `'` counts as stripped,
 * so that what was marked is known by its mark alone, and it can be taken off again. The sign is looked for first: to look behind
 * each separator for one would take quadratic time with a cell of tabs.
 */
const FORMULA = /^(?='*[\t\r\n\0])|(?=[=+\-@＝＋－＠])(?<=(?:^|[;\t|\r\n])[\s\p{Cf}"']*)/gu;
/** The same places, with the mark in front of them. */
const MARK = /^'(?='*[\t\r\n\0])|'(?=[=+\-@＝＋－＠])(?<=(?:^|[;\t|\r\n])[\s\p{Cf}"']*)/gu;

/** A text that no spreadsheet takes for a formula, each place where it might being marked with `'`; in linear time. */
export function marked(text: string): string {
  return text.replaceAll(FORMULA, "'");
}

/** Takes the marks off again: `unmarked(marked(text))` is the text, whatever it is. */
export function unmarked(text: string): string {
  // Most cells have none, and to look for the character is quicker.
  return text.includes("'") ? text.replaceAll(MARK, '') : text;
}
