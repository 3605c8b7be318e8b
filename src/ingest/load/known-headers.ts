import { LF, QUOTE } from '../csv/byte-codes.ts';
import { type Header, parseHeader } from '../csv/header.ts';

/**
 * Headers of the files of a portion, most of which begin with the very same line: reading it took a quarter of a
 * thread's time. One that was read says the same of every text that begins with its bytes, as long as nothing behind
 * them counts: a quote may go on in the next line, and a CR be half a line end.
 */
export class KnownHeaders {
  readonly #maxRecordBytes: number;
  #last: { readonly bytes: Buffer; readonly header: Header } | undefined;

  constructor(maxRecordBytes: number) {
    this.#maxRecordBytes = maxRecordBytes;
  }

  /** The header of a whole decoded file. @throws FileError as `parseHeader` does */
  of(text: Buffer): Header {
    if (this.#last !== undefined && beginsWith(text, this.#last.bytes)) return this.#last.header;
    const header = parseHeader(text, true, this.#maxRecordBytes);
    if (header === undefined) throw new TypeError('a whole file has a header, or none');
    const bytes = text.subarray(0, header.endOffset);
    if (bytes[bytes.length - 1] === LF && !bytes.includes(QUOTE)) this.#last = { bytes, header };
    return header;
  }
}

function beginsWith(text: Buffer, head: Buffer): boolean {
  return text.length >= head.length && text.compare(head, 0, head.length, 0, head.length) === 0;
}
