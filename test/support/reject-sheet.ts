import { parse } from 'csv-parse/sync';
import { type CsvStyle, csvLine, PLAIN_STYLE } from './csv-line.ts';

/** Rejects as CSV, as somebody sees them in a spreadsheet. */
export interface Sheet {
  readonly columns: readonly string[];
  readonly rows: readonly SheetRow[];
}

export type SheetRow = Readonly<Record<string, string>>;

/** How a spreadsheet saves it. */
export interface SavedAs {
  readonly style?: CsvStyle;
  readonly encoding?: 'utf8' | 'utf16le';
  readonly columns?: readonly string[];
}

/** `query` begins with `?`. */
export async function rejectSheet(url: string, fileId: number, query = '?format=csv'): Promise<Sheet> {
  const reply = await fetch(`${url}/ingestion/files/${fileId}/rejects${query}`, { headers: { accept: 'text/csv' } });
  if (reply.status !== 200) throw new Error(`${reply.status}: ${await reply.text()}`);
  const [columns = [], ...rows]: string[][] = parse(Buffer.from(await reply.arrayBuffer()), { bom: true });
  return {
    columns,
    rows: rows.map((cells) => Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']))),
  };
}

export function savedSheet(sheet: Sheet, { style = PLAIN_STYLE, encoding = 'utf8', columns }: SavedAs = {}): Buffer {
  const shown = columns ?? sheet.columns;
  const lines = [shown, ...sheet.rows.map((row) => shown.map((column) => row[column] ?? ''))];
  const text = lines.map((cells) => `${csvLine(cells, style)}${style.lineEnd}`).join('');
  return Buffer.from(`\ufeff${text}`, encoding);
}
