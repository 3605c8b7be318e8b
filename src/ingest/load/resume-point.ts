import { isLineEnd } from '../csv/byte-codes.ts';

/** A place between two lines, or behind a last line that had no line end yet. */
export interface Position {
  /** decoded offset */
  readonly offset: number;
  /** physical line */
  readonly line: number;
}

/** Where reading begins in a file whose first rows are loaded already. */
export interface StartPosition extends Position {
  /**
   * Where the last of those rows begins, if the file ended right behind it, without a line end: it may have been cut
   * off there, and go on in what was appended since.
   */
  readonly tail?: Position;
}

/**
 * The last row of a file that ends behind it without a line end: it may not be all of it. Undefined where there is none,
 * or where it is longer than `maxBytes`: what is read again to see whether it goes on has to fit into memory.
 */
export function unfinishedTail(last: Position, endOffset: number, maxBytes: number): Position | undefined {
  return last.offset >= 0 && endOffset - last.offset <= maxBytes ? last : undefined;
}

export interface Beginning {
  readonly from: Position;
  /** the file's bytes from there on, as far as they have been read */
  readonly bytes: Buffer;
  /** the last row goes on: what was loaded of it has to be taken back */
  readonly replacesTail: boolean;
}

/** Passes over what is loaded already, and decides by the byte behind it whether the last row was whole. */
export class ResumePoint {
  readonly #start: StartPosition;
  readonly #keepFrom: number;
  #passed = 0;
  #kept: Buffer = Buffer.alloc(0);

  constructor(start: StartPosition) {
    this.#start = start;
    this.#keepFrom = start.tail?.offset ?? start.offset;
  }

  /** Takes the next bytes of the decoded file; undefined as long as the beginning lies behind them. */
  take(chunk: Buffer): Beginning | undefined {
    const { offset, tail } = this.#start;
    const skip = Math.min(chunk.length, Math.max(0, this.#keepFrom - this.#passed));
    this.#passed += chunk.length;
    // A copy: the chunk is the reader's again when this returns.
    this.#kept = Buffer.concat([this.#kept, chunk.subarray(skip)]);
    if (this.#passed <= offset) return undefined;
    const next = this.#kept[offset - this.#keepFrom];
    if (tail !== undefined && next !== undefined && !isLineEnd(next)) {
      return { from: tail, bytes: this.#kept, replacesTail: true };
    }
    return this.#atStart();
  }

  /** The file ended before anything followed. */
  end(): Beginning {
    return this.#atStart();
  }

  #atStart(): Beginning {
    return { from: this.#start, bytes: this.#kept.subarray(this.#start.offset - this.#keepFrom), replacesTail: false };
  }
}
