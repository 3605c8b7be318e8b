import { type ColumnSuggestion, suggestColumns } from '../csv/column-suggestions.ts';
import { cut, type Header, HeaderError, keptNames } from '../csv/header.ts';
import { columnKey } from '../csv/header-names.ts';
import type { TextEncoding } from '../csv/text-decoder.ts';
import { EVENT_COLUMNS, type EventColumn } from '../event-columns.ts';
import type { FileError } from '../file-error.ts';
import type { RejectedRecord } from '../load/record-encoder.ts';

/** Where a column stands in the header; null where the file does not have it. */
export interface ColumnFound {
  readonly column: EventColumn;
  /** the name as written */
  readonly header: string | null;
  /** of its field in a row, from 1 */
  readonly position: number | null;
}

/** What the header says, as far as it can be read. */
export interface HeaderFindings {
  readonly delimiter: string | null;
  readonly columns: readonly ColumnFound[];
  readonly ignoredColumns: readonly string[];
  readonly suggestions: readonly ColumnSuggestion[];
}

/** What loading would find in a file; of a file with an error no row counts, since none would be loaded. */
export interface Findings extends HeaderFindings {
  readonly sizeBytes: number;
  readonly sha256: string;
  /** null where it is none that can be read */
  readonly encoding: TextEncoding | null;
  readonly isPacked: boolean;
  readonly rowsRead: number;
  readonly rowsLoaded: number;
  readonly rowsRejected: number;
  readonly rejectsByReason: Readonly<Record<string, number>>;
  /** the first ones */
  readonly rejects: readonly RejectedRecord[];
  readonly error: { readonly code: string; readonly message: string } | null;
}

const LONGEST_NAME = 100;

export function headerFindings(header: Header): HeaderFindings {
  return findingsOf(header.dialect.delimiter, header.names);
}

/** Of a file that fails: a header whose columns do not serve was read nevertheless. */
export function headerFindingsOf(error: FileError): HeaderFindings {
  return error instanceof HeaderError ? findingsOf(error.delimiter, error.names) : findingsOf(undefined, []);
}

function findingsOf(delimiter: number | undefined, names: readonly string[]): HeaderFindings {
  const keys = names.map(columnKey);
  const columns = EVENT_COLUMNS.map((column) => {
    const index = keys.indexOf(column);
    return index === -1
      ? { column, header: null, position: null }
      : { column, header: cut(names[index] ?? column, LONGEST_NAME), position: index + 1 };
  });
  const needed: ReadonlySet<string> = new Set(EVENT_COLUMNS);
  return {
    delimiter: delimiter === undefined ? null : String.fromCharCode(delimiter),
    columns,
    ignoredColumns: keptNames(names.filter((_, index) => !needed.has(keys[index] ?? ''))),
    suggestions: suggestColumns(names),
  };
}
