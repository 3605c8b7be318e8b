import { CR, isLineEnd, LF, QUOTE } from '../csv/byte-codes.ts';

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
   * Where the last of those rows begins, if the file ended right behind it without a line end, or inside quotes: it may
   * have been cut off there, and go on in what was appended since.
   */
  readonly tail?: Position;
}

/**
 * The last row of a file that ends behind it without a line end, or inside quotes: it may not be all of it. Undefined where there is none,
 * or where it is longer than `maxBytes`: what is read again to see whether it goes on has to fit into memory.
 */
export function unfinishedTail(last: Position, endOffset: number, maxBytes: number): Position | undefined {
  return last.offset >= 0 && endOffset - last.offset <= maxBytes ? last : undefined;
}

export interface Beginning {
  readonly from: Position;
  /** the file's bytes from there on, as far as they have been read */
  readonly bytes: Buffer;
  /** where the last row goes on: what was loaded of it, and has to be taken back */
  readonly replacedTail?: Buffer;
}

/** Passes over what is loaded already, and decides by its last row and the byte behind it whether that row was whole. */
export class ResumePoint {
  readonly #start: StartPosition;
  readonly #keepFrom: number;
  #passed = 0;
  #lastLoaded: number | undefined;
  #kept: Buffer = Buffer.alloc(0);

  constructor(start: StartPosition) {
    this.#start = start;
    this.#keepFrom = start.tail?.offset ?? start.offset;
  }

  /** Takes the next bytes of the decoded file; undefined as long as the beginning lies behind them. */
  take(chunk: Buffer): Beginning | undefined {
    const { offset, tail } = this.#start;
    this.#lastLoaded ??= chunk[offset - 1 - this.#passed];
    const skip = Math.min(chunk.length, Math.max(0, this.#keepFrom - this.#passed));
    this.#passed += chunk.length;
    // A copy: the chunk is the reader's again when this returns.
    this.#kept = Buffer.concat([this.#kept, chunk.subarray(skip)]);
    if (this.#passed <= offset) return undefined;
    const next = this.#kept[offset - this.#keepFrom];
    if (tail !== undefined && next !== undefined && (!isLineEnd(next) || this.#mayEndInsideQuotes(offset))) {
      return { from: tail, bytes: this.#kept, replacedTail: this.#kept.subarray(0, offset - this.#keepFrom) };
    }
    return this.#atStart();
  }

  /** Then a line end is no end of the row. A row is read again as well where one quote in it is a stray one: to the same outcome. */
  #mayEndInsideQuotes(offset: number): boolean {
    const tail = this.#kept.subarray(0, offset - this.#keepFrom);
    let quotes = 0;
    for (const code of tail) if (code === QUOTE) quotes += 1;
    return quotes % 2 === 1;
  }

  /** The file ended before anything followed. */
  end(): Beginning {
    return this.#atStart();
  }

  #atStart(): Beginning {
    const { offset, line } = this.#start;
    const bytes = this.#kept.subarray(offset - this.#keepFrom);
    // The file had ended between the two bytes of a line end, and only one line ends there.
    const isHalfLineEnd = this.#lastLoaded === CR && bytes[0] === LF;
    return isHalfLineEnd
      ? { from: { offset: offset + 1, line }, bytes: bytes.subarray(1) }
      : { from: this.#start, bytes };
  }
}
