import { CR, QUOTE } from './byte-codes.ts';
import { behindLineEnd, lineEndFrom } from './line-end.ts';

/** One physical line, or several that quotes hold together. */
export interface LineSpan {
  start: number;
  /** Just behind the content. */
  contentEnd: number;
  /** Just behind the line end. */
  next: number;
  /** The physical line (1-based) at {@link next}. */
  nextLine: number;
}

/** Where the header may be: its first line alone, and the lines that its quotes hold together, if they ever close. */
export interface HeaderSpans {
  firstLine: LineSpan;
  record: LineSpan | undefined;
}

/**
 * Finds the first record that is not blank. Where it ends must be known before the delimiter is, and can be: after a line
 * of well-formed CSV a quoted field is open exactly if the quotes so far are odd in number.
 *
 * Returns undefined when `bytes` end before that can be told, and `'blank'` when nothing but blank lines will come
 * (`isAll`: no more bytes will be looked at).
 */
export function findHeaderRecord(bytes: Buffer, isAll: boolean): HeaderSpans | 'blank' | undefined {
  let line = lineAt(bytes, 0, 1, isAll);
  while (line !== undefined && isBlank(bytes, line)) {
    if (line.next === bytes.length && isAll) return 'blank';
    line = lineAt(bytes, line.next, line.nextLine, isAll);
  }
  if (line === undefined) return undefined;

  const record = closedRecord(bytes, line, isAll);
  return record === undefined && !isAll ? undefined : { firstLine: line, record };
}

function isBlank(bytes: Buffer, line: LineSpan): boolean {
  return bytes.toString('utf8', line.start, line.contentEnd).trim() === '';
}

function closedRecord(bytes: Buffer, firstLine: LineSpan, isAll: boolean): LineSpan | undefined {
  let last: LineSpan | undefined = firstLine;
  let quotes = countQuotes(bytes, firstLine);
  while (last !== undefined && quotes % 2 === 1) {
    last = last.next === bytes.length ? undefined : lineAt(bytes, last.next, last.nextLine, isAll);
    if (last !== undefined) quotes += countQuotes(bytes, last);
  }
  return last === undefined ? undefined : { ...last, start: firstLine.start };
}

function countQuotes(bytes: Buffer, line: LineSpan): number {
  let count = 0;
  for (let at = line.start; at < line.contentEnd; at++) if (bytes[at] === QUOTE) count++;
  return count;
}

function lineAt(bytes: Buffer, start: number, lineNumber: number, isAll: boolean): LineSpan | undefined {
  const at = lineEndFrom(bytes, start, bytes.length);
  const isWaiting = at === bytes.length || (bytes[at] === CR && at + 1 === bytes.length);
  if (isWaiting && !isAll) return undefined;
  if (at === bytes.length) return { start, contentEnd: at, next: at, nextLine: lineNumber };
  return { start, contentEnd: at, next: behindLineEnd(bytes, at, bytes.length), nextLine: lineNumber + 1 };
}
