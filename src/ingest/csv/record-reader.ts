import { type BrokenSpan, OpenSpan, SPAN_HEAD_BYTES } from './broken-span.ts';
import { CR } from './byte-codes.ts';
import { ByteWindow } from './byte-window.ts';
import { behindLineEnd, lineEndFrom } from './line-end.ts';
import { RecordScanner } from './record-scanner.ts';
import { type CsvRecord, RecordView } from './record-view.ts';
import {
  type BrokenOutcome,
  columnCountFault,
  encodingFault,
  quoteFault,
  type SpanFault,
  type StructureFault,
} from './structure-fault.ts';
import { TextCheck } from './text-check.ts';
import { isCleanText } from './utf8.ts';

export type { BrokenSpan } from './broken-span.ts';
export type { CsvRecord } from './record-view.ts';
export type { StructureReason } from './structure-fault.ts';

export interface RecordReaderOptions {
  /** The delimiter's byte, from the header. */
  delimiter: number;
  /** How many fields the header has, and so every record. */
  fieldCount: number;
  /** The most bytes that one record may have, its line end not counted. Memory grows with it. */
  maxRecordBytes: number;
  /** The decoded offset of the first byte that will be pushed. */
  startOffset: number;
  /** The physical line (the header's is 1) on which that byte stands. */
  startLine: number;
}

/** Called synchronously by `push` and `end`, in the order of the file. Once it has thrown, the reader is not used again. */
export interface RecordHandler {
  record(record: CsvRecord): void;
  broken(span: BrokenSpan): void;
}

/**
 * `skip_long_line`: behind the limit of a record, to its line end. `skip_broken_line` and `try_line`: in a span of broken
 * quoting, on the way to the next line's start, and on a line that ends the span if it is a whole record.
 */
type Mode = 'records' | 'skip_long_line' | 'skip_broken_line' | 'try_line';

/**
 * Cuts the decoded bytes of a file behind its header into records (RFC 4180; LF, CRLF or lone CR as line end) and hands
 * each to the handler, and what is no record as a broken span. Every byte belongs to one record, span or blank line.
 *
 * After broken quoting, and after a record of several lines with the wrong number of fields, it goes back to the first
 * physical line behind the one where the record began and takes the next line that by itself is a whole record: an
 * unclosed quote costs its own line, not the rest of the file. Time stays linear
 * all the same: only a line with an odd number of quotes leaves one open, and read from inside quotes the next such line
 * ends the record or breaks it, so no two scans that are taken back overlap.
 *
 * Memory: `maxRecordBytes` and a small multiple of the chunk size, however long a record or span is.
 */
export class RecordReader {
  readonly #fieldCount: number;
  readonly #maxRecordBytes: number;
  readonly #handler: RecordHandler;
  readonly #window: ByteWindow;
  readonly #scanner: RecordScanner;
  readonly #view: RecordView;
  readonly #textCheck = new TextCheck();
  readonly #spanHead = Buffer.allocUnsafeSlow(SPAN_HEAD_BYTES);
  #mode: Mode = 'records';
  #offset: number;
  #line: number;
  #span: OpenSpan | undefined;
  #spanLine = 0;
  #isSpanUnclosed = false;
  #endsInsideQuotes = false;

  constructor(options: RecordReaderOptions, handler: RecordHandler) {
    this.#fieldCount = options.fieldCount;
    this.#maxRecordBytes = options.maxRecordBytes;
    this.#handler = handler;
    this.#window = new ByteWindow(options.startOffset);
    this.#scanner = new RecordScanner(options);
    this.#view = new RecordView(this.#scanner);
    this.#offset = options.startOffset;
    this.#line = options.startLine;
  }

  /**
   * The decoded offset just behind the last record, span or blank line, from which a load can resume. During a handler
   * call it is already behind what is being delivered.
   */
  get offset(): number {
    return this.#offset;
  }

  /** The physical line at {@link offset}; behind a last line without a line end it is still that line. */
  get line(): number {
    return this.#line;
  }

  /** Whether the file has ended inside the quotes of its last span: what is appended to it may close them. */
  get endsInsideQuotes(): boolean {
    return this.#endsInsideQuotes;
  }

  /** Reads on. The chunk is the caller's again when this returns. */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    const appendedFrom = this.#window.length;
    this.#window.append(chunk);
    this.#textCheck.extend(this.#window, appendedFrom, false);
    this.#advance(false);

    const needed = this.#scanner.start;
    this.#window.keepFrom(needed);
    this.#scanner.rebase(needed);
    this.#textCheck.rebase(needed);
  }

  /** The file ends here: delivers what was waiting for more. */
  end(): void {
    this.#textCheck.extend(this.#window, 0, true);
    this.#advance(true);
  }

  #advance(atEnd: boolean): void {
    this.#view.bytes = this.#window.bytes;
    while (this.#scanner.start < this.#window.length) {
      if (!this.#step(atEnd)) return;
    }
    if (!atEnd) return;
    this.#endsInsideQuotes = this.#span !== undefined && this.#isSpanUnclosed;
    this.#closeSpan(Number.POSITIVE_INFINITY);
  }

  /** Whether it got further; if not, it takes more bytes to decide. */
  #step(atEnd: boolean): boolean {
    switch (this.#mode) {
      case 'records':
        return this.#readRecord(atEnd);
      case 'skip_long_line':
      case 'skip_broken_line':
        return this.#skipLine(atEnd);
      case 'try_line':
        return this.#tryLine(atEnd);
    }
  }

  #readRecord(atEnd: boolean): boolean {
    const outcome = this.#scanner.scan(this.#window.bytes, this.#window.length, atEnd);
    if (outcome === 'need_more') return false;
    if (outcome !== 'complete') this.#openSpanAt(outcome);
    else if (this.#isPairOfBrokenQuotes()) this.#openSpan(this.#columnCountFault());
    else this.#deliver();
    return true;
  }

  /**
   * A quote that is never closed and a stray one further down look like one quoted field, which holds all the records
   * between them. The wrong number of fields gives them away.
   */
  #isPairOfBrokenQuotes(): boolean {
    return this.#scanner.innerLineBreaks > 0 && this.#scanner.fieldCount !== this.#fieldCount;
  }

  #columnCountFault(): StructureFault {
    return columnCountFault(this.#scanner.fieldCount, this.#fieldCount);
  }

  #deliver(): void {
    const scanner = this.#scanner;
    const lineNumber = this.#line;
    const byteOffset = this.#offset;
    this.#offset = this.#window.base + scanner.next;
    this.#line = lineNumber + scanner.lineBreaks;
    if (scanner.contentEnd > scanner.start) this.#handOver(lineNumber, byteOffset);
    scanner.begin(scanner.next, false);
  }

  #handOver(lineNumber: number, byteOffset: number): void {
    const view = this.#view;
    const fault = this.#faultOfRecord();
    if (fault !== undefined) {
      this.#handler.broken({ lineNumber, byteOffset, ...fault, raw: view.raw() });
      return;
    }
    view.lineNumber = lineNumber;
    view.byteOffset = byteOffset;
    this.#handler.record(view);
  }

  #faultOfRecord(): StructureFault | undefined {
    const scanner = this.#scanner;
    if (scanner.fieldCount !== this.#fieldCount) return this.#columnCountFault();
    if (!this.#textCheck.isSuspect(scanner.start)) return undefined;
    const { bytes } = this.#window;
    if (isCleanText(bytes.subarray(scanner.start, scanner.contentEnd))) return undefined;
    return encodingFault(bytes, scanner);
  }

  #openSpanAt(outcome: BrokenOutcome): void {
    const scanner = this.#scanner;
    const faultLine = this.#line + scanner.innerLineBreaks;
    const fault = quoteFault(outcome, scanner.fieldNumber, faultLine, this.#maxRecordBytes);
    if (outcome !== 'too_long') {
      this.#openSpan(fault);
      this.#isSpanUnclosed = outcome === 'unclosed_quote';
      return;
    }
    this.#span = new OpenSpan(this.#line, this.#offset, fault, this.#spanHead);
    this.#isSpanUnclosed = false;
    this.#spanLine = faultLine;
    this.#spanTo(scanner.at, 'skip_long_line');
  }

  /** Goes back to the line on which the record began, to look behind it for a line that is whole. */
  #openSpan(fault: SpanFault): void {
    this.#span = new OpenSpan(this.#line, this.#offset, fault, this.#spanHead);
    this.#isSpanUnclosed = false;
    this.#spanLine = this.#line;
    this.#spanTo(this.#scanner.start, 'skip_broken_line');
  }

  /** Goes on at `next`, and counts what lies before it to the span. */
  #spanTo(next: number, mode: Mode): void {
    this.#span?.extend(this.#window.bytes, this.#scanner.start, next);
    this.#mode = mode;
    this.#scanner.begin(next, mode === 'try_line');
  }

  #skipLine(atEnd: boolean): boolean {
    const { bytes, length } = this.#window;
    const at = lineEndFrom(bytes, this.#scanner.start, length);
    const mayBeHalfLineEnd = at + 1 === length && bytes[at] === CR && !atEnd;
    if (at === length || mayBeHalfLineEnd) {
      this.#spanTo(at, this.#mode);
      return atEnd;
    }
    const next = behindLineEnd(bytes, at, length);
    const isLongLine = this.#mode === 'skip_long_line';
    this.#spanTo(next, isLongLine ? 'records' : 'try_line');
    this.#spanLine++;
    if (isLongLine) this.#closeSpan(this.#offset);
    return true;
  }

  #tryLine(atEnd: boolean): boolean {
    const scanner = this.#scanner;
    const outcome = scanner.scan(this.#window.bytes, this.#window.length, atEnd);
    if (outcome === 'need_more') return false;
    if (outcome !== 'complete') {
      this.#spanTo(scanner.at, 'skip_broken_line');
    } else if (scanner.contentEnd === scanner.start || scanner.fieldCount !== this.#fieldCount) {
      this.#spanLine += scanner.lineBreaks;
      this.#spanTo(scanner.next, 'try_line');
    } else {
      this.#closeSpan(this.#window.base + scanner.contentEnd);
      this.#deliver();
    }
    return true;
  }

  /** The span, if one is open, ends where the scanner starts. */
  #closeSpan(resumeOffset: number): void {
    const span = this.#span;
    if (span === undefined) return;
    this.#span = undefined;
    this.#mode = 'records';
    this.#offset = this.#window.base + this.#scanner.start;
    this.#line = this.#spanLine;
    this.#handler.broken(span.close(resumeOffset));
  }
}
