import { marked } from '../ingest/csv/formula-mark.ts';

/** Without it Excel takes UTF-8 for the encoding of its country, and saves names that nobody wrote; to a program it is a part of the first name. */
export const BYTE_ORDER_MARK = '\ufeff';

/** A record of https://www.rfc-editor.org/rfc/rfc4180, of which no spreadsheet takes a cell for a formula. */
export function csvRecord(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

/** A header for saving a reply under a name (https://www.rfc-editor.org/rfc/rfc6266). */
export function csvDisposition(name: string): string {
  const plain = name.replaceAll(/[^\w. -]/g, '_');
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeExtended(name)}`;
}

function csvCell(text: string): string {
  const inert = marked(text);
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

/** As https://www.rfc-editor.org/rfc/rfc8187#section-3.2.1 allows; the rest as percent-encoded UTF-8. */
function encodeExtended(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
