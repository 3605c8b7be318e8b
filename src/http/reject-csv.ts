import type { Queryable } from '../database/client.ts';
import { addressText } from '../ingest/csv/reject-address.ts';
import { type KeptHeader, RowLayout } from '../ingest/csv/row-layout.ts';
import { listRejects, type RejectedRow, type RejectFilter } from '../ingest/ledger/list-rejects.ts';
import { safeName } from '../ingest/sources/file-name.ts';
import { BYTE_ORDER_MARK, csvRecord } from './csv-text.ts';

/** Each keeps at most 4 KiB of its text, so a page is at most some 2 MB. */
const PAGE_ROWS = 500;
/** Behind the columns of the file; named after this service, which takes them off again. */
export const REJECT_CSV_COLUMNS = ['sluice_line', 'sluice_reason', 'sluice_message'];

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

/** The name under which the rejects of a file are saved. */
export function rejectCsvName(fileName: string): string {
  return `${safeName(fileName).replace(/\.csv(?:\.gz)?$/i, '')}-rejects.csv`;
}

function cellsOf(reject: RejectedRow, layout: RowLayout): string[] {
  const { lineNumber, reason, message, raw, rawTruncated } = reject;
  const isCut = rawTruncated ? '; only the first 4 KiB of the row were kept, so its last cells are cut or empty' : '';
  const isGuess = layout.isKnown ? '' : '; which of its cells belongs to which column is not known any more';
  return [...layout.cells(raw), String(lineNumber), reason, `${message}${isCut}${isGuess}${addressText(reject)}`];
}
