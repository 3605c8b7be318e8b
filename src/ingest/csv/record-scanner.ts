import { CR, LF, QUOTE } from './byte-codes.ts';

/** Why a record is not well-formed CSV, as seen at the byte where that shows. */
export type QuoteFault = 'stray_quote' | 'text_after_quote' | 'unclosed_quote' | 'open_at_line_end';

/** `too_long_open`: it grew over the limit inside quotes, which hints at an unclosed quote rather than at a long record. */
export type ScanOutcome = 'complete' | 'need_more' | 'too_long' | 'too_long_open' | QuoteFault;

export interface ScannerOptions {
  delimiter: number;
  /** For how many fields bounds are kept; further ones are only counted. */
  fieldCount: number;
  maxRecordBytes: number;
}

type Place = 'outside_quotes' | 'inside_quotes' | 'behind_quote';

// What a byte means, in an order that lets the loops below skip what is content by one comparison.
const CONTENT = 0;
const DELIMITER = 1;
const SPECIAL = 2;

/**
 * Finds the fields of one record at a time, in a window of bytes that may end anywhere: `scan` goes on from where it
 * stopped when more bytes have come, so that a record costs one pass however it is cut into chunks.
 *
 * The grammar is RFC 4180's with LF, CRLF or lone CR as line end: a field is quoted only if the quote is its very first
 * byte, `""` is an escaped quote, and a closing quote is followed by a delimiter, a line end or the end of the file.
 * This is the hot loop of the whole load: it makes no string and no object. (Indexed bytes are read `as number`, for the
 * loops stop before the end of the window.)
 */
export class RecordScanner {
  /** Start and end (quotes not included) of each field of a complete record, as indexes into the window. */
  readonly bounds: Int32Array;
  /** 1 for each field that holds `""`. */
  readonly escaped: Uint8Array;
  /** Index of the record's first byte. */
  start = 0;
  /** Of a complete record: the index just behind its content. */
  contentEnd = 0;
  /** Of a complete record: the index just behind its line end. */
  next = 0;
  /** Of a complete record: how many fields it has, whether bounds are kept for them or not. */
  fieldCount = 0;
  /** Line breaks inside quotes so far; CRLF is one. */
  innerLineBreaks = 0;
  /** Where the scan stands. */
  at = 0;

  readonly #meaning = new Uint8Array(256);
  readonly #capacity: number;
  readonly #highest: number;
  readonly #maxRecordBytes: number;
  #place: Place = 'outside_quotes';
  #field = 0;
  #fieldStart = 0;
  #fieldEscaped = 0;
  #singleLine = false;

  constructor(options: ScannerOptions) {
    this.#capacity = options.fieldCount;
    this.#highest = Math.max(options.delimiter, QUOTE);
    this.#maxRecordBytes = options.maxRecordBytes;
    this.bounds = new Int32Array(2 * options.fieldCount);
    this.escaped = new Uint8Array(options.fieldCount);
    this.#meaning[options.delimiter] = DELIMITER;
    for (const code of [QUOTE, LF, CR]) this.#meaning[code] = SPECIAL;
  }

  /** The field, counted from 1, in which the scan stands. */
  get fieldNumber(): number {
    return this.#field + 1;
  }

  /** Of a complete record: its line breaks, the one that ends it included. */
  get lineBreaks(): number {
    return this.innerLineBreaks + (this.next > this.contentEnd ? 1 : 0);
  }

  /** Of a complete record: the field, counted from 1, that holds the byte at `at`. */
  fieldNumberAt(at: number): number {
    let number = 1;
    while (number < this.fieldCount && (this.bounds[2 * number] ?? 0) <= at) number++;
    return number;
  }

  /** Starts on the record at `start`. With `singleLine`, a line break inside quotes is a fault: `open_at_line_end`. */
  begin(start: number, singleLine: boolean): void {
    this.start = start;
    this.at = start;
    this.innerLineBreaks = 0;
    this.#place = 'outside_quotes';
    this.#field = 0;
    this.#fieldStart = start;
    this.#fieldEscaped = 0;
    this.#singleLine = singleLine;
  }

  /** The window has moved on by `shift` bytes, so every index is less by as much. */
  rebase(shift: number): void {
    this.start -= shift;
    this.at -= shift;
    this.#fieldStart -= shift;
    for (let index = 0; index < 2 * Math.min(this.#field, this.#capacity); index++) {
      this.bounds[index] = (this.bounds[index] ?? 0) - shift;
    }
  }

  /** Goes on until the record is complete or the first `length` bytes are used up. `atEnd`: the file ends there. */
  scan(bytes: Uint8Array, length: number, atEnd: boolean): ScanOutcome {
    // One byte more than the limit is looked at: it tells a record of exactly that length from a longer one.
    const limit = this.start + this.#maxRecordBytes + 1;
    const end = Math.min(length, limit);
    while (this.at < end) {
      const outcome = this.#scanPlace(bytes, end, length, atEnd);
      if (outcome !== 'continue') return outcome;
    }
    if (this.at === limit) return this.#place === 'inside_quotes' ? 'too_long_open' : 'too_long';
    return atEnd ? this.#endOfFile() : 'need_more';
  }

  #scanPlace(bytes: Uint8Array, end: number, length: number, atEnd: boolean): ScanOutcome | 'continue' {
    switch (this.#place) {
      case 'outside_quotes':
        return this.#scanOutside(bytes, end, length, atEnd);
      case 'inside_quotes':
        return this.#scanInside(bytes, end);
      case 'behind_quote':
        return this.#scanBehindQuote(bytes, length, atEnd);
    }
  }

  #scanOutside(bytes: Uint8Array, end: number, length: number, atEnd: boolean): ScanOutcome | 'continue' {
    const at = this.#closeFieldsUpToSpecial(bytes, end);
    this.at = at;
    if (at === end) return 'continue';
    if (bytes[at] !== QUOTE) {
      this.#closeField(this.#fieldStart, at);
      return this.#lineEnd(bytes, length, atEnd);
    }
    if (at !== this.#fieldStart) return 'stray_quote';
    this.#place = 'inside_quotes';
    this.at++;
    return 'continue';
  }

  /** Closes each field that a delimiter ends; stops at a quote, a line end or `end`. All that it writes per field is in locals. */
  #closeFieldsUpToSpecial(bytes: Uint8Array, end: number): number {
    const { bounds, escaped } = this;
    const meaning = this.#meaning;
    const capacity = this.#capacity;
    const highest = this.#highest;
    let field = this.#field;
    let fieldStart = this.#fieldStart;
    let at = this.at;
    for (; at < end; at++) {
      const code = bytes[at] as number;
      if (code > highest) continue;
      const meant = meaning[code] as number;
      if (meant === CONTENT) continue;
      if (meant === SPECIAL) break;
      if (field < capacity) {
        bounds[2 * field] = fieldStart;
        bounds[2 * field + 1] = at;
        // A quoted field is closed where its quote is.
        escaped[field] = 0;
      }
      field++;
      fieldStart = at + 1;
    }
    this.#field = field;
    this.#fieldStart = fieldStart;
    return at;
  }

  #scanInside(bytes: Uint8Array, end: number): ScanOutcome | 'continue' {
    const meaning = this.#meaning;
    let at = this.at;
    while (at < end && (meaning[bytes[at] as number] as number) < SPECIAL) at++;
    this.at = at;
    if (at === end) return 'continue';
    if (bytes[at] === QUOTE) this.#place = 'behind_quote';
    else if (this.#singleLine) return 'open_at_line_end';
    else if (bytes[at] === CR || bytes[at - 1] !== CR) this.innerLineBreaks++;
    this.at++;
    return 'continue';
  }

  #scanBehindQuote(bytes: Uint8Array, length: number, atEnd: boolean): ScanOutcome | 'continue' {
    const code = bytes[this.at] as number;
    if (code === QUOTE) {
      this.#place = 'inside_quotes';
      this.#fieldEscaped = 1;
      this.at++;
      return 'continue';
    }
    if (this.#meaning[code] === CONTENT) return 'text_after_quote';
    if (this.#meaning[code] === SPECIAL) {
      this.#closeField(this.#fieldStart + 1, this.at - 1);
      return this.#lineEnd(bytes, length, atEnd);
    }
    this.#nextField(this.#fieldStart + 1, this.at - 1, this.at + 1);
    this.#place = 'outside_quotes';
    this.at++;
    return 'continue';
  }

  /** The line end at `at` ends the record. */
  #lineEnd(bytes: Uint8Array, length: number, atEnd: boolean): ScanOutcome {
    let next = this.at + 1;
    if (bytes[this.at] === CR) {
      // With its LF still to come in the next chunk, a CRLF would be taken for two line ends.
      if (next === length && !atEnd) return 'need_more';
      if (next < length && bytes[next] === LF) next++;
    }
    return this.#complete(next);
  }

  #endOfFile(): ScanOutcome {
    switch (this.#place) {
      case 'inside_quotes':
        return 'unclosed_quote';
      case 'behind_quote':
        this.#closeField(this.#fieldStart + 1, this.at - 1);
        return this.#complete(this.at);
      case 'outside_quotes':
        this.#closeField(this.#fieldStart, this.at);
        return this.#complete(this.at);
    }
  }

  #complete(next: number): ScanOutcome {
    this.contentEnd = this.at;
    this.next = next;
    this.fieldCount = this.#field + 1;
    return 'complete';
  }

  #nextField(start: number, end: number, nextStart: number): void {
    this.#closeField(start, end);
    this.#field++;
    this.#fieldStart = nextStart;
    this.#fieldEscaped = 0;
  }

  #closeField(start: number, end: number): void {
    const field = this.#field;
    if (field >= this.#capacity) return;
    this.bounds[2 * field] = start;
    this.bounds[2 * field + 1] = end;
    this.escaped[field] = this.#fieldEscaped;
  }
}
