import { EVENT_COLUMNS, type EventColumn } from '../ingest/event-columns.ts';
import { type Random, shuffled } from './random.ts';

export const DELIMITERS = { comma: ',', semicolon: ';', tab: '\t', pipe: '|' } as const;
export const NEWLINES = { lf: '\n', crlf: '\r\n', cr: '\r' } as const;
export const ENCODINGS = ['utf8', 'utf8-bom', 'utf16le', 'utf16be'] as const;

/** A column that the generator can write; `device` is one that Sluice does not know and must ignore. */
export type FileColumn = EventColumn | 'device';

/** How a file is written. The readable names are the ones of the command line. */
export interface Dialect {
  readonly delimiter: (typeof DELIMITERS)[keyof typeof DELIMITERS];
  readonly newline: (typeof NEWLINES)[keyof typeof NEWLINES];
  readonly encoding: (typeof ENCODINGS)[number];
  readonly columns: readonly FileColumn[];
  readonly header: 'lower-case' | 'upper-case';
}

export const PLAIN_DIALECT: Dialect = {
  delimiter: ',',
  newline: '\n',
  encoding: 'utf8',
  columns: EVENT_COLUMNS,
  header: 'lower-case',
};

/** All columns and an extra one, in an order that `random` decides. */
export function shuffledColumns(random: Random): FileColumn[] {
  return shuffled<FileColumn>([...EVENT_COLUMNS, 'device'], random);
}

/** The first line of the file, without its line end. */
export function headerLine(dialect: Dialect): string {
  const line = dialect.columns.join(dialect.delimiter);
  return dialect.header === 'upper-case' ? line.toUpperCase() : line;
}

/** The value as a field of RFC 4180, quoted only where it has to be. */
export function encodeField(value: string, delimiter: string): string {
  const needsQuotes = value.includes('"') || value.includes('\n') || value.includes('\r') || value.includes(delimiter);
  return needsQuotes ? quoted(value) : value;
}

/** The value as a quoted field, whether it needs quotes or not. */
export function quoted(value: string): string {
  return `"${value.replaceAll('"', '""')}"`;
}

/** The bytes of `text` in the file's encoding, without a byte order mark. */
export function encodeText(text: string, encoding: Dialect['encoding']): Buffer {
  switch (encoding) {
    case 'utf8':
    case 'utf8-bom':
      return Buffer.from(text, 'utf8');
    case 'utf16le':
      return Buffer.from(text, 'utf16le');
    case 'utf16be':
      return Buffer.from(text, 'utf16le').swap16();
  }
}

/** The byte order mark with which a file in this encoding begins; empty for plain UTF-8. */
export function byteOrderMark(encoding: Dialect['encoding']): Buffer {
  return encoding === 'utf8' ? Buffer.alloc(0) : encodeText('\uFEFF', encoding);
}

/**
 * One raw byte (0x80–0xFF) inside a string: a lone low surrogate, as PEP 383 ("surrogateescape") does it. A string cannot
 * hold invalid UTF-8 otherwise.
 */
export function rawByte(byte: number): string {
  return String.fromCharCode(0xdc00 + byte);
}

// With the u flag the class matches lone surrogates only, never the second half of an emoji.
const RAW_BYTE = /[\u{DC80}-\u{DCFF}]/u;
const RAW_BYTES = /([\u{DC80}-\u{DCFF}]+)/u;

export function hasRawBytes(text: string): boolean {
  return RAW_BYTE.test(text);
}

/** UTF-8 of a text that contains {@link rawByte}s. */
export function encodeRawBytes(text: string): Buffer {
  const parts = text
    .split(RAW_BYTES)
    .map((part) =>
      RAW_BYTE.test(part)
        ? Buffer.from([...part].map((character) => character.charCodeAt(0) - 0xdc00))
        : Buffer.from(part, 'utf8'),
    );
  return Buffer.concat(parts);
}
