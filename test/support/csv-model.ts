import { isUtf8 } from 'node:buffer';
import type { StructureReason } from '../../src/ingest/csv/record-reader.ts';

/** What the reader is expected to deliver, less messages and raw text. */
export type Expected =
  | { kind: 'record'; line: number; offset: number; end: number; fields: string[] }
  | { kind: 'broken'; line: number; offset: number; end: number; reason: StructureReason };

type Scan =
  | { outcome: 'complete'; fields: string[]; contentEnd: number }
  | { outcome: 'malformed' | 'too_long' | 'too_long_open' };

export interface ModelOptions {
  readonly delimiter: string;
  readonly fieldCount: number;
  readonly maxRecordBytes: number;
}

/**
 * The rules of the reader written down a second time, as plainly as possible: the whole input at once as one latin1 string,
 * regular expressions instead of states, no thought given to speed or memory.
 */
export function expectedReading(bytes: Buffer, options: ModelOptions): Expected[] {
  const text = bytes.toString('latin1');
  const expected: Expected[] = [];
  let at = 0;
  while (at < text.length) {
    const blank = lineEndAt(text, at);
    if (blank > at) {
      at = blank;
      continue;
    }
    const next = expectedAt(text, at, options);
    expected.push({ ...next, line: 1 + lineBreaksIn(text.slice(0, at)), offset: at });
    at = next.end;
  }
  return expected;
}

type Found =
  | { kind: 'record'; end: number; fields: string[] }
  | { kind: 'broken'; end: number; reason: StructureReason };

function expectedAt(text: string, at: number, options: ModelOptions): Found {
  const { fieldCount, maxRecordBytes } = options;
  const scan = scanRecord(text, at, options);
  switch (scan.outcome) {
    case 'complete': {
      const end = lineEndAt(text, scan.contentEnd);
      if (scan.fields.length !== fieldCount) {
        const isOneLine = !/[\r\n]/.test(text.slice(at, scan.contentEnd));
        const behind = isOneLine ? end : wholeLineBehind(text, at, options).start;
        return { kind: 'broken', end: behind, reason: 'column_count_mismatch' };
      }
      const content = Buffer.from(text.slice(at, scan.contentEnd), 'latin1');
      if (!isUtf8(content) || content.includes(0)) return { kind: 'broken', end, reason: 'invalid_encoding' };
      return { kind: 'record', end, fields: scan.fields.map((field) => Buffer.from(field, 'latin1').toString('utf8')) };
    }
    case 'too_long':
      return { kind: 'broken', end: nextLine(text, at + maxRecordBytes + 1), reason: 'record_too_long' };
    case 'malformed':
    case 'too_long_open': {
      const whole = wholeLineBehind(text, at, options);
      const isFar = whole.contentEnd > at + maxRecordBytes;
      const reason = scan.outcome === 'too_long_open' && isFar ? 'record_too_long' : 'malformed_quotes';
      return { kind: 'broken', end: whole.start, reason };
    }
  }
}

function wholeLineBehind(text: string, at: number, options: ModelOptions): { start: number; contentEnd: number } {
  for (let start = nextLine(text, at); start < text.length; start = nextLine(text, start)) {
    const content = /[^\r\n]*/.exec(text.slice(start))?.[0] ?? '';
    const scan = scanRecord(content, 0, options);
    const isWhole = scan.outcome === 'complete' && scan.fields.length === options.fieldCount;
    if (content !== '' && isWhole) return { start, contentEnd: start + content.length };
  }
  return { start: text.length, contentEnd: Number.POSITIVE_INFINITY };
}

/** The record at `start`, of which at most one byte more than the limit is looked at. */
function scanRecord(text: string, start: number, { delimiter, maxRecordBytes }: ModelOptions): Scan {
  const seen = text.slice(start, start + maxRecordBytes + 1);
  const isAll = start + seen.length === text.length && seen.length <= maxRecordBytes;
  const unquoted = new RegExp(`([^"\r\n${delimiter}]*)`, 'y');
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const isQuoted = seen[at] === '"';
    const field = sticky(isQuoted ? /"((?:[^"]|"")*)"(?!")/y : unquoted, seen, at);
    if (field === undefined) return { outcome: isAll ? 'malformed' : 'too_long_open' };
    at += field.matched.length;
    fields.push(isQuoted ? field.group.replaceAll('""', '"') : field.group);
    const behind = seen[at];
    if (behind === undefined)
      return isAll ? { outcome: 'complete', fields, contentEnd: start + at } : { outcome: 'too_long' };
    if (behind === '\r' || behind === '\n') return { outcome: 'complete', fields, contentEnd: start + at };
    if (behind !== delimiter) return { outcome: 'malformed' };
    at++;
  }
}

function sticky(pattern: RegExp, text: string, at: number): { matched: string; group: string } | undefined {
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  return match === null ? undefined : { matched: match[0], group: match[1] ?? '' };
}

/** Behind the line end at `at`, or `at` where there is none. */
function lineEndAt(text: string, at: number): number {
  return at + (/^(?:\r\n|\n|\r)/.exec(text.slice(at))?.[0].length ?? 0);
}

function nextLine(text: string, at: number): number {
  return lineEndAt(text, at + (/[^\r\n]*/.exec(text.slice(at))?.[0].length ?? 0));
}

export function lineBreaksIn(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0;
}
