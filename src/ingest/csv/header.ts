import { EVENT_COLUMNS, type EventColumn } from '../event-columns.ts';
import { FileError } from '../file-error.ts';
import { suggestColumns } from './column-suggestions.ts';
import { columnKey, type HeaderNames, type Quoting, readHeaderNames } from './header-names.ts';
import { findHeaderRecord, type HeaderSpans, type LineSpan } from './header-record.ts';
import { MESSAGE_COLUMN } from './reject-address.ts';
import { cleanTextEnd, isCleanText } from './utf8.ts';

/** What the header says about the file. */
export interface Header {
  /** `delimiter`: its byte. */
  dialect: { delimiter: number };
  fieldCount: number;
  /** The names of all columns in their order, as written but trimmed and without quotes. */
  names: readonly string[];
  /** For each of {@link EVENT_COLUMNS}, in their order, the index of its field. */
  positions: readonly number[];
  /** The names of the columns that are not needed, as written but trimmed; of very many or long ones a part. */
  ignoredColumns: string[];
  /** The names of all columns, as written but trimmed, long ones cut; null where there are absurdly many. */
  columns: string[] | null;
  /** The position of the column that makes the file a correction of rejects; -1 in any other file. */
  messagePosition: number;
  /** The decoded offset just behind the header's line end. */
  endOffset: number;
  /** The physical line (1-based) at {@link endOffset}; behind a header without a line end it is still the header's. */
  endLine: number;
}

/** The header was read, and its columns do not serve: what it says is known nevertheless. */
export class HeaderError extends FileError {
  /** The delimiter's byte. */
  readonly delimiter: number;
  readonly names: readonly string[];

  constructor(
    code: 'missing_columns' | 'duplicate_columns',
    message: string,
    header: Pick<HeaderNames, 'delimiter' | 'names'>,
  ) {
    super(code, message);
    this.name = 'HeaderError';
    this.delimiter = header.delimiter;
    this.names = header.names;
  }
}

const LONGEST_CHARACTER_BYTES = 4;
const MOST_NAMES_SHOWN = 20;
const LONGEST_NAME_SHOWN = 40;
/** A header may have as many columns as fit into a record, and every list of files repeats the names that are kept. */
const MOST_IGNORED_NAMES = 100;
const LONGEST_IGNORED_NAME = 100;
const MOST_KEPT_COLUMNS = 1000;

/**
 * Reads the header: the first line of the decoded file that is not blank. Only the names of the columns and their order
 * matter; the delimiter (`,` `;` tab `|`) is the one that finds most of the needed names.
 *
 * @param bytes the decoded file from its first byte on
 * @param atEnd whether the file ends with them
 * @param maxRecordBytes the header must end within so many bytes
 * @returns undefined when more bytes are needed, which is never so `atEnd` or with more than `maxRecordBytes` + 1 of them
 * @throws FileError `missing_header`, `missing_columns`, `duplicate_columns`, `unsupported_encoding`
 */
export function parseHeader(bytes: Buffer, atEnd: boolean, maxRecordBytes: number): Header | undefined {
  // Two more bytes than the longest header has, for its line end; what is behind them never changes the outcome.
  const seen = bytes.subarray(0, maxRecordBytes + 2);
  const spans = findHeaderRecord(seen, atEnd || seen.length === maxRecordBytes + 2);
  if (spans === undefined) return undefined;
  if (spans === 'blank') throw missingHeader(bytes.length > seen.length || !atEnd ? maxRecordBytes : undefined);
  if (spans.firstLine.contentEnd > maxRecordBytes) throw endlessHeader(seen, spans.firstLine, maxRecordBytes);

  const reading = bestReading(seen, spans, maxRecordBytes);
  if (reading === undefined) throw notText();
  requireColumns(reading);
  return headerFrom(reading);
}

interface HeaderReading extends HeaderNames {
  span: LineSpan;
}

/**
 * The header by the rules, or where its quotes do not pair up its first line with quotes taken literally: one in the name
 * of an ignored column is no reason to refuse the file. Undefined when it is not text.
 */
function bestReading(bytes: Buffer, spans: HeaderSpans, maxRecordBytes: number): HeaderReading | undefined {
  const { record, firstLine } = spans;
  const isRecord = record !== undefined && record.contentEnd <= maxRecordBytes;
  const proper = isRecord ? readSpan(bytes, record, 'quoted') : undefined;
  if (proper?.known === EVENT_COLUMNS.length) return proper;
  const literal = readSpan(bytes, firstLine, 'literal');
  if (proper === undefined || literal === undefined) return proper ?? literal;
  return literal.known > proper.known ? literal : proper;
}

function readSpan(bytes: Buffer, span: LineSpan, quoting: Quoting): HeaderReading | undefined {
  const record = bytes.subarray(span.start, span.contentEnd);
  const names = isCleanText(record) ? readHeaderNames(record, quoting) : undefined;
  return names === undefined ? undefined : { ...names, span };
}

function headerFrom({ names, delimiter, span }: HeaderReading): Header {
  const keys = names.map(columnKey);
  return {
    dialect: { delimiter },
    fieldCount: names.length,
    names,
    positions: EVENT_COLUMNS.map((column) => keys.indexOf(column)),
    ignoredColumns: keptNames(names.filter((name) => !isEventColumn(columnKey(name)))),
    columns: names.length > MOST_KEPT_COLUMNS ? null : names.map((name) => cut(name, LONGEST_IGNORED_NAME)),
    messagePosition: keys.indexOf(MESSAGE_COLUMN),
    endOffset: span.next,
    endLine: span.nextLine,
  };
}

function isEventColumn(key: string): key is EventColumn {
  return EVENT_COLUMNS.some((column) => column === key);
}

function requireColumns({ names, delimiter }: HeaderReading): void {
  const keys = names.map(columnKey);
  const missing = EVENT_COLUMNS.filter((column) => !keys.includes(column));
  if (missing.length > 0) {
    const message = `the header has no column ${missing.join(', ')}; its columns are: ${listed(names)}${didYouMean(names)}`;
    throw new HeaderError('missing_columns', message, { names, delimiter });
  }
  const twice = EVENT_COLUMNS.filter((column) => keys.indexOf(column) !== keys.lastIndexOf(column));
  if (twice.length > 0) {
    const message = `the header has more than one column ${twice.join(', ')}`;
    throw new HeaderError('duplicate_columns', message, { names, delimiter });
  }
}

/** The names as a list of files repeats them: of very many or long ones a part. */
export function keptNames(names: readonly string[]): string[] {
  const kept = names.slice(0, MOST_IGNORED_NAMES).map((name) => cut(name, LONGEST_IGNORED_NAME));
  return names.length > kept.length ? [...kept, `… and ${names.length - kept.length} more`] : kept;
}

export function cut(name: string, length: number): string {
  const characters = [...name.slice(0, 2 * length + 2)];
  return characters.length > length ? `${characters.slice(0, length).join('')}…` : name;
}

function didYouMean(names: readonly string[]): string {
  const meant = suggestColumns(names).map(({ header, column }) => `${column} by ${cut(header, LONGEST_NAME_SHOWN)}`);
  return meant.length === 0 ? '' : `; did you mean ${meant.join(', ')}?`;
}

function listed(names: string[]): string {
  const shown = names.slice(0, MOST_NAMES_SHOWN).map((name) => cut(name, LONGEST_NAME_SHOWN));
  return names.length > shown.length ? `${shown.join(', ')} and ${names.length - shown.length} more` : shown.join(', ');
}

function missingHeader(withinBytes: number | undefined): FileError {
  const where =
    withinBytes === undefined ? 'the file is empty or blank' : `the first ${withinBytes} bytes are blank lines`;
  return new FileError('missing_header', `${where}; its first line must be the header: ${EVENT_COLUMNS.join(',')}`);
}

function endlessHeader(bytes: Buffer, line: LineSpan, maxRecordBytes: number): FileError {
  // The last character may be cut by the limit, which says nothing against the text.
  const cleanEnd = cleanTextEnd(bytes, line.start, bytes.length);
  if (bytes[cleanEnd] === 0 || cleanEnd <= bytes.length - LONGEST_CHARACTER_BYTES) return notText();
  return new FileError(
    'missing_columns',
    `the first line is longer than ${maxRecordBytes} bytes; it must be the header: ${EVENT_COLUMNS.join(',')}`,
  );
}

function notText(): FileError {
  return new FileError(
    'unsupported_encoding',
    'the first line is not UTF-8 text; write the file as UTF-8 CSV, or as UTF-16 with a byte order mark',
  );
}
