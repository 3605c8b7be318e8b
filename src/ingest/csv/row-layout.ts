import { EVENT_COLUMNS } from '../event-columns.ts';
import { unmarked } from './formula-mark.ts';
import { columnKey } from './header-names.ts';
import { rawFields } from './raw-fields.ts';
import { MESSAGE_COLUMN, OWN_PREFIX } from './reject-address.ts';

/** What the ledger keeps of a header: null for files of before it did, and for absurdly many columns. */
export interface KeptHeader {
  readonly headerColumns: readonly string[] | null;
  readonly delimiter: string | null;
}

const DELIMITERS = [',', ';', '\t', '|'];

/** How the rejected rows of a file are shown in its columns. */
export class RowLayout {
  /** The file's own columns in their order, without those that Sluice had added to an earlier row of theirs. */
  readonly columns: readonly string[];
  /** False where the header is not known: then the columns are those that every file has, in their usual order. */
  readonly isKnown: boolean;
  readonly #delimiter: string | undefined;
  readonly #isCorrection: boolean;
  readonly #keys: readonly string[];
  /** for each of `columns` its position in the file */
  readonly #positions: readonly number[];
  /** how many columns at the end of the header are Sluice's */
  readonly #ownAtEnd: number;

  constructor({ headerColumns, delimiter }: KeptHeader) {
    this.isKnown = headerColumns !== null && delimiter !== null;
    const header = headerColumns ?? EVENT_COLUMNS;
    this.#delimiter = delimiter ?? undefined;
    this.#keys = header.map(columnKey);
    this.#isCorrection = this.#keys.includes(MESSAGE_COLUMN);
    this.#positions = header.flatMap((_, position) => (this.#isOwn(position) ? [] : [position]));
    this.#ownAtEnd = header.length - 1 - (this.#positions.at(-1) ?? -1);
    this.columns = this.#positions.map((position) => this.#plain(header[position] ?? ''));
  }

  /**
   * A rejected row in the file's own columns: too few fields leave the last cells empty, and what is too much is joined to the
   * last one. What Sluice had added to the row, marks of formulas too, is left out.
   */
  cells(raw: string): string[] {
    const delimiter = this.#delimiter ?? likelyDelimiter(raw);
    const fields = rawFields(raw, delimiter).map(({ value }) => value);
    if (fields.length > this.#keys.length) {
      // Those that Sluice had put at the end are still at the end.
      const own = fields.slice(0, fields.length - this.#ownAtEnd);
      const last = this.#positions.at(-1) ?? 0;
      fields.splice(0, fields.length, ...own.slice(0, last), own.slice(last).join(delimiter));
    }
    return this.#positions.map((position) => this.#plain(fields[position] ?? ''));
  }

  /** The cells of the columns that are loaded, in the order of EVENT_COLUMNS. */
  eventCells(raw: string): string[] {
    const cells = this.cells(raw);
    const keys = this.columns.map(columnKey);
    return EVENT_COLUMNS.map((column) => cells[keys.indexOf(column)] ?? '');
  }

  /** Where the field of a column stands in the text of a row, in UTF-16 units; null where that can't be told. */
  span(raw: string, column: string): { readonly start: number; readonly end: number } | null {
    if (!this.isKnown || this.#delimiter === undefined) return null;
    const field = rawFields(raw, this.#delimiter)[this.#keys.indexOf(column)];
    return field === undefined ? null : { start: field.start, end: field.end };
  }

  #isOwn(position: number): boolean {
    return this.#keys[position]?.startsWith(OWN_PREFIX) === true;
  }

  #plain(cell: string): string {
    return this.#isCorrection ? unmarked(cell) : cell;
  }
}

/** The one that finds most fields; of equals the first. */
function likelyDelimiter(raw: string): string {
  const counts = DELIMITERS.map((delimiter) => rawFields(raw, delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
}
