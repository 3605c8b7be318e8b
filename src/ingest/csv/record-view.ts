import { type RawText, rawText } from './raw-text.ts';
import type { RecordScanner } from './record-scanner.ts';

/**
 * A record with the right number of fields, all of them UTF-8 without NUL. It is a view on the reader's own bytes and is
 * used again for the next record: valid only during the handler call, take out what is to be kept.
 */
export interface CsvRecord {
  /** The physical line (1-based, the header's is 1) of the record's first byte. */
  readonly lineNumber: number;
  /** The decoded offset of the record's first byte. */
  readonly byteOffset: number;
  readonly fieldCount: number;
  /** The field as a string, without its quotes and with `""` as `"`. @throws RangeError when there is no such field. */
  text(index: number): string;
  /** The bytes that hold the record; {@link start} and {@link end} count in them. For callers that need no string. */
  readonly bytes: Buffer;
  /** Where the field begins in {@link bytes}, its opening quote not included. */
  start(index: number): number;
  /** Just behind the field in {@link bytes}, its closing quote not included. */
  end(index: number): number;
  /** Whether the field's bytes still hold quotes written as `""`. */
  hasEscapedQuotes(index: number): boolean;
  /** The whole record as it stands in the file, for the ledger of rejected rows. */
  raw(): RawText;
}

export class RecordView implements CsvRecord {
  lineNumber = 0;
  byteOffset = 0;
  bytes: Buffer = Buffer.alloc(0);
  readonly #scanner: RecordScanner;

  constructor(scanner: RecordScanner) {
    this.#scanner = scanner;
  }

  get fieldCount(): number {
    return this.#scanner.fieldCount;
  }

  text(index: number): string {
    const text = this.bytes.toString('utf8', this.start(index), this.end(index));
    return this.hasEscapedQuotes(index) ? text.replaceAll('""', '"') : text;
  }

  start(index: number): number {
    return this.#scanner.bounds[2 * index] ?? noSuchField(index);
  }

  end(index: number): number {
    return this.#scanner.bounds[2 * index + 1] ?? noSuchField(index);
  }

  hasEscapedQuotes(index: number): boolean {
    return this.#scanner.escaped[index] === 1;
  }

  raw(): RawText {
    return rawText(this.bytes.subarray(this.#scanner.start, this.#scanner.contentEnd));
  }
}

function noSuchField(index: number): never {
  throw new RangeError(`there is no field with index ${index}`);
}
