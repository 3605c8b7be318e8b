import { CR, LF } from './byte-codes.ts';
import { RAW_TEXT_BYTES, type RawText, rawText } from './raw-text.ts';
import type { SpanFault, StructureReason } from './structure-fault.ts';

/** One reject: a record, or after broken quoting the physical lines up to where reading could go on. */
export interface BrokenSpan {
  /** The physical line (1-based) of the span's first byte. */
  lineNumber: number;
  /** The decoded offset of the span's first byte. */
  byteOffset: number;
  reason: StructureReason;
  message: string;
  raw: RawText;
}

/** Four more bytes than the ledger keeps, so that a cut is noticed and falls between characters. */
export const SPAN_HEAD_BYTES = RAW_TEXT_BYTES + 4;

/** A span whose end is still to be found. Of its bytes only the first few KiB are kept, however long it gets. */
export class OpenSpan {
  readonly #lineNumber: number;
  readonly #byteOffset: number;
  readonly #fault: SpanFault;
  readonly #head: Buffer;
  #length = 0;

  /** `head`: {@link SPAN_HEAD_BYTES} to write into; a reader has one open span at a time and uses the same again. */
  constructor(lineNumber: number, byteOffset: number, fault: SpanFault, head: Buffer) {
    this.#lineNumber = lineNumber;
    this.#byteOffset = byteOffset;
    this.#fault = fault;
    this.#head = head;
  }

  /** Adds the bytes that follow those added before. */
  extend(bytes: Buffer, from: number, to: number): void {
    if (this.#length < SPAN_HEAD_BYTES) bytes.copy(this.#head, this.#length, from, to);
    this.#length += to - from;
  }

  /** `resumeOffset`: the decoded offset up to which the file was read to find the record that ends the span. */
  close(resumeOffset: number): BrokenSpan {
    const { beyondLimit } = this.#fault;
    const isBeyond = beyondLimit !== undefined && resumeOffset - this.#byteOffset > beyondLimit.limitBytes;
    const { reason, message } = isBeyond ? beyondLimit : this.#fault;
    const raw = rawText(this.#head.subarray(0, this.#headEnd()));
    return { lineNumber: this.#lineNumber, byteOffset: this.#byteOffset, reason, message, raw };
  }

  #headEnd(): number {
    if (this.#length > SPAN_HEAD_BYTES) return SPAN_HEAD_BYTES;
    let end = this.#length;
    while (end > 0 && (this.#head[end - 1] === LF || this.#head[end - 1] === CR)) end--;
    return end;
  }
}
