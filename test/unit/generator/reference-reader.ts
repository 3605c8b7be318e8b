import { CsvError, parse } from 'csv-parse/sync';

/** A record that a strict reader finds, and the rule that it breaks, if any. */
export interface ReferenceRecord {
  lineNumber: number;
  /** The record as it stands in the file, one character a byte. */
  raw: string;
  /** By column name; empty where the record is broken. */
  values: Record<string, string>;
  fault: { reason: string; column: string | null } | undefined;
}

interface PhysicalLine {
  start: number;
  end: number;
}

/**
 * The reading rules, said a second time and slowly: csv-parse decides what a record is, plain regular expressions decide
 * what a value may be. It shares no code with the generator or with the loader.
 */
export function readReference(file: Buffer, maxRecordBytes = 1024 * 1024): ReferenceRecord[] {
  const text = asBytes(file);
  const lines = physicalLines(text);
  const header = text.slice(0, lines[0]?.end);
  const delimiter = [',', ';', '\t', '|'].find((candidate) => header.includes(candidate)) ?? ',';
  const columns = header.split(delimiter).map((name) => name.trim().toLowerCase());

  const records: ReferenceRecord[] = [];
  let index = 1;
  while (index < lines.length) {
    const found = readRecord(text, lines, index, delimiter);
    const end = lines[found.last]?.end;
    const record = { lineNumber: index + 1, raw: text.slice(lines[index]?.start, end), values: {} };
    if (record.raw.length > maxRecordBytes) {
      records.push({ ...record, fault: { reason: 'record_too_long', column: null } });
      index = found.fields === undefined ? index + 1 : found.last + 1;
    } else if (found.fields === undefined) {
      records.push({ ...record, fault: { reason: 'malformed_quotes', column: null } });
      index = nextWholeLine(text, lines, index + 1, delimiter, columns.length);
    } else {
      const { fields } = found;
      const values = Object.fromEntries(fields.map((value, place) => [columns[place] ?? '', decoded(value)]));
      records.push({ ...record, values, fault: faultOf(record.raw, fields.length, columns.length, values) });
      index = found.last + 1;
    }
  }
  return records;
}

/** Any encoding as UTF-8, one character a byte, so that bytes which are no text survive. */
function asBytes(file: Buffer): string {
  const utf16 =
    file[0] === 0xff && file[1] === 0xfe ? 'utf-16le' : file[0] === 0xfe && file[1] === 0xff ? 'utf-16be' : '';
  const utf8 = utf16 === '' ? file : Buffer.from(new TextDecoder(utf16, { fatal: true }).decode(file));
  const withoutMark = utf8.subarray(0, 3).equals(Buffer.from('\uFEFF')) ? utf8.subarray(3) : utf8;
  return withoutMark.toString('latin1');
}

function physicalLines(text: string): PhysicalLine[] {
  const lines: PhysicalLine[] = [];
  let start = 0;
  for (const end of text.matchAll(/\r\n|\n|\r/g)) {
    lines.push({ start, end: end.index });
    start = end.index + end[0].length;
  }
  if (start < text.length) lines.push({ start, end: text.length });
  return lines;
}

/** The record that begins on line `index`: its fields and its last line, or no fields where its quoting is broken. */
function readRecord(text: string, lines: readonly PhysicalLine[], index: number, delimiter: string) {
  for (let last = index; last < lines.length; last += 1) {
    const outcome = tokenise(text.slice(lines[index]?.start, lines[last]?.end), delimiter);
    if (outcome === 'broken') break;
    if (outcome !== 'open') return { fields: outcome, last };
  }
  return { fields: undefined, last: index };
}

function nextWholeLine(text: string, lines: readonly PhysicalLine[], from: number, delimiter: string, width: number) {
  let index = from;
  for (; index < lines.length; index += 1) {
    const fields = tokenise(text.slice(lines[index]?.start, lines[index]?.end), delimiter);
    if (Array.isArray(fields) && fields.length === width) break;
  }
  return index;
}

function tokenise(record: string, delimiter: string): string[] | 'open' | 'broken' {
  try {
    const rows: string[][] = parse(record, {
      delimiter,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
    });
    return rows[0] ?? [''];
  } catch (error) {
    if (error instanceof CsvError) return error.code === 'CSV_QUOTE_NOT_CLOSED' ? 'open' : 'broken';
    throw error;
  }
}

function decoded(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function faultOf(
  raw: string,
  width: number,
  expectedWidth: number,
  values: Record<string, string>,
): ReferenceRecord['fault'] {
  if (width !== expectedWidth) return { reason: 'column_count_mismatch', column: null };
  if (!isText(raw)) return { reason: 'invalid_encoding', column: null };
  for (const [column, check] of Object.entries(CHECKS)) {
    const value = values[column] ?? '';
    const reason = value.trim() === '' ? 'missing_value' : check(value);
    if (reason !== undefined) return { reason, column };
  }
  return undefined;
}

function isText(raw: string): boolean {
  try {
    return !new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(raw, 'latin1')).includes('\0');
  } catch {
    return false;
  }
}

const CHECKS: Record<string, (value: string) => string | undefined> = {
  user_id: (value) => tooLong(value.trim(), 50),
  event_type: (value) =>
    /^(view|add_to_cart|purchase|remove_from_cart)$/.test(value) ? undefined : 'invalid_event_type',
  event_timestamp: (value) => (Number.isNaN(instantOf(value)) ? 'invalid_timestamp' : undefined),
  product_id: (value) => tooLong(value.trim(), 50),
  product_name: (value) => tooLong(value, 255),
  product_price: priceFault,
  session_id: (value) => tooLong(value, 100),
};

function tooLong(value: string, limit: number): string | undefined {
  return [...value].length > limit ? 'value_too_long' : undefined;
}

function priceFault(value: string): string | undefined {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value)) return 'invalid_price';
  const cents = Math.round(Number(value) * 100);
  if (cents <= 0) return 'non_positive_price';
  return cents > 9_999_999_999 ? 'price_out_of_range' : undefined;
}

const TIMESTAMP =
  /^(\d{4}-\d\d-\d\d)(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d+))?)?(Z|[+-](?:0\d|1[0-5])(?::\d\d)?)?)?$/;

/** Milliseconds since 1970 of a timestamp that the data rules allow, UTC where it names no zone; otherwise NaN. */
export function instantOf(value: string): number {
  const parts = TIMESTAMP.exec(value);
  if (parts === null) return Number.NaN;
  const [, day = '', hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = parts;
  const midnight = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight) || day.startsWith('0000') || !new Date(midnight).toISOString().startsWith(day))
    return Number.NaN;
  const offset = zone === 'Z' || zone.includes(':') ? zone : `${zone}:00`;
  return Date.parse(`${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}${offset}`);
}
