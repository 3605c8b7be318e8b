import type { Queryable } from '../database/client.ts';
import { marked } from '../ingest/csv/formula-mark.ts';
import { addressText } from '../ingest/csv/reject-address.ts';
import { type KeptHeader, RowLayout } from '../ingest/csv/row-layout.ts';
import { listRejects, type RejectedRow, type RejectFilter } from '../ingest/ledger/list-rejects.ts';
import { safeName } from '../ingest/sources/file-name.ts';

/** Each keeps at most 4 KiB of its text, so a page is at most some 2 MB. */
const PAGE_ROWS = 500;
/** Behind the columns of the file; named after this service, which takes them off again. */
export const REJECT_CSV_COLUMNS = ['sluice_line', 'sluice_reason', 'sluice_message'];
/** Without it Excel takes UTF-8 for the encoding of its country, and saves names that nobody wrote; to a program it is a part of the first name. */
const BYTE_ORDER_MARK = '\ufeff';

/**
 * Rejected rows of a file as CSV (https://www.rfc-editor.org/rfc/rfc4180) in its own columns, in the order of their lines, so that they can be corrected in a
 * spreadsheet and sent back: the message ends in the address by which each is known again. Page by page, each
 * when the one before has been taken: memory does not depend on how many there are, and nothing is asked for
 * when nobody reads any more.
 */
export async function* rejectCsv(
  database: Queryable,
  file: KeptHeader & { readonly fileId: number },
  options: RejectFilter & { readonly forSpreadsheet: boolean },
): AsyncGenerator<string> {
  const { forSpreadsheet, ...filter } = options;
  const layout = new RowLayout(file);
  yield `${forSpreadsheet ? BYTE_ORDER_MARK : ''}${csvRecord([...layout.columns, ...REJECT_CSV_COLUMNS])}`;
  let afterLine: number | undefined;
  for (;;) {
    const rejects = await listRejects(database, { ...filter, fileId: file.fileId, afterLine, limit: PAGE_ROWS });
    if (rejects.length > 0) yield rejects.map((reject) => csvRecord(cellsOf(reject, layout))).join('');
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

function cellsOf(reject: RejectedRow, layout: RowLayout): string[] {
  const { lineNumber, reason, message, raw, rawTruncated } = reject;
  const isCut = rawTruncated ? '; only the first 4 KiB of the row were kept, so its last cells are cut or empty' : '';
  const isGuess = layout.isKnown ? '' : '; which of its cells belongs to which column is not known any more';
  return [...layout.cells(raw), String(lineNumber), reason, `${message}${isCut}${isGuess}${addressText(reject)}`];
}

function csvRecord(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
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
