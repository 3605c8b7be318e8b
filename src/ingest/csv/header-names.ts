import { parse } from 'csv-parse/sync';
import { EVENT_COLUMNS } from '../event-columns.ts';
import { COMMA, PIPE, SEMICOLON, TAB } from './byte-codes.ts';

/** Delimiters in the order in which they win a tie. */
const DELIMITERS = [COMMA, SEMICOLON, TAB, PIPE] as const;

/** A header record, taken apart at one of the delimiters. */
export interface HeaderNames {
  /** The delimiter's byte. */
  delimiter: number;
  /** The names as written, trimmed and without quotes. */
  names: string[];
  /** How many different names are needed ones. */
  known: number;
}

/** `quoted`: RFC 4180. `literal`: quotes mean nothing, for a header in which they do not pair up. */
export type Quoting = 'quoted' | 'literal';

/** The name as the needed columns are compared: case, space around it and a stray byte order mark do not count. */
export function columnKey(name: string): string {
  return name.trim().toLowerCase();
}

/** The reading that finds most of the needed names, or among equals the one with most fields; none if all are malformed. */
export function readHeaderNames(record: Buffer, quoting: Quoting): HeaderNames | undefined {
  const readings = DELIMITERS.flatMap((delimiter) => {
    const names = splitNames(record, delimiter, quoting);
    return names === undefined ? [] : [{ delimiter, names, known: countKnown(names) }];
  });
  // The sort is stable, so the order of DELIMITERS decides what is still equal.
  return readings.sort((a, b) => b.known - a.known || b.names.length - a.names.length)[0];
}

function countKnown(names: string[]): number {
  const keys = new Set(names.map(columnKey));
  return EVENT_COLUMNS.filter((column) => keys.has(column)).length;
}

function splitNames(record: Buffer, delimiter: number, quoting: Quoting): string[] | undefined {
  try {
    const records: string[][] = parse(record, {
      delimiter: String.fromCharCode(delimiter),
      quote: quoting === 'quoted' ? '"' : null,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      trim: true,
    });
    return records[0]?.map((name) => plainName(name, quoting));
  } catch {
    // Not well-formed with this delimiter; that another one is meant is what the caller is finding out.
    return undefined;
  }
}

function plainName(name: string, quoting: Quoting): string {
  const trimmed = name.trim();
  return quoting === 'literal' ? trimmed.replace(/^"(.*)"$/s, '$1').trim() : trimmed;
}
