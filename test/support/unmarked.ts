/** Takes the marks off again that rejects as CSV have, by which no spreadsheet takes a text for a formula. */
export function unmarked(text: string): string {
  return text.replaceAll(/^'(?='*[\t\r\n\0])|'(?=[=+\-@＝＋－＠])(?<=(?:^|[;\t|\r\n])[\s\p{Cf}"']*)/gu, '');
}
