import type { Queryable } from '../database/client.ts';
import { listRejects, type RejectedRow } from '../ingest/ledger/list-files.ts';
import { safeName } from '../ingest/sources/file-name.ts';

/** Each keeps at most 4 KiB of its text, so a page is at most some 2 MB. */
const PAGE_ROWS = 500;
/** Named after this service, since the columns of the file itself may stand beside them. */
export const REJECT_CSV_COLUMNS = ['sluice_line', 'sluice_reason', 'sluice_column', 'sluice_message', 'sluice_raw'];

/**
 * Where a mark makes text of what a spreadsheet may take for a formula when it opens a cell
 * (https://owasp.org/www-community/attacks/CSV_Injection): in front of the sign, also behind what may be stripped from the cell's
 * beginning. A spreadsheet that splits at something else than the comma begins a cell behind it, whatever is quoted. `'` counts as stripped,
 * so that what was marked is known by its mark alone, and it can be taken off again. The sign is looked for first: to look behind
 * each separator for one would take quadratic time with a cell of tabs.
 */
const FORMULA = /^(?='*[\t\r\n\0])|(?=[=+\-@＝＋－＠])(?<=(?:^|[;\t|\r\n])[\s\p{Cf}"']*)/gu;

/**
 * All rejected rows of a file as CSV (https://www.rfc-editor.org/rfc/rfc4180), in the order of their lines. Page by page, each
 * when the one before has been taken: memory does not depend on how many there are, and nothing is asked for
 * when nobody reads any more.
 */
export async function* rejectCsv(database: Queryable, fileId: number): AsyncGenerator<string> {
  yield `${REJECT_CSV_COLUMNS.join(',')}\r\n`;
  let afterLine: number | undefined;
  for (;;) {
    const rejects = await listRejects(database, { fileId, afterLine, limit: PAGE_ROWS });
    if (rejects.length > 0) yield rejects.map(csvLine).join('');
    if (rejects.length < PAGE_ROWS) return;
    afterLine = rejects.at(-1)?.lineNumber;
  }
}

/** A header for saving the rejects of a file under its name (https://www.rfc-editor.org/rfc/rfc6266). */
export function rejectCsvDisposition(fileName: string): string {
  const name = `${safeName(fileName).replace(/\.csv(?:\.gz)?$/i, '')}-rejects.csv`;
  const plain = name.replaceAll(/[^\w. -]/g, '_');
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeExtended(name)}`;
}

function csvLine({ lineNumber, reason, columnName, message, raw }: RejectedRow): string {
  return `${[String(lineNumber), reason, columnName ?? '', message, raw].map(csvCell).join(',')}\r\n`;
}

/** A text that no spreadsheet takes for a formula, each place where it might being marked with `'`; in linear time. */
export function inertText(text: string): string {
  return text.replaceAll(FORMULA, "'");
}

function csvCell(text: string): string {
  const inert = inertText(text);
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

/** As https://www.rfc-editor.org/rfc/rfc8187#section-3.2.1 allows; the rest as percent-encoded UTF-8. */
function encodeExtended(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
