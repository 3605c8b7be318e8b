import type { ByteWindow } from './byte-window.ts';
import { behindLastLineEnd } from './line-end.ts';
import { isCleanText } from './utf8.ts';

/**
 * Checks whole stretches of lines for UTF-8 and NUL by two native calls for each chunk instead of two for each record.
 * Line ends are ASCII, so a stretch that ends with one never cuts a character. Only records that lie in a stretch with a
 * fault in it need to be looked at one by one.
 */
export class TextCheck {
  #checkedTo = 0;
  #suspectTo = 0;

  /** Looks at the lines that were completed by the bytes from `appendedFrom`, or with `atEnd` at all that is left. */
  extend(window: ByteWindow, appendedFrom: number, atEnd: boolean): void {
    const { bytes, length } = window;
    const to = atEnd ? length : behindLastLineEnd(bytes, appendedFrom, length);
    if (to === appendedFrom || to === this.#checkedTo) return;
    if (!isCleanText(bytes.subarray(this.#checkedTo, to))) this.#suspectTo = to;
    this.#checkedTo = to;
  }

  /** Whether a record that begins at `start` and is complete may hold something that is not clean text. */
  isSuspect(start: number): boolean {
    return start < this.#suspectTo;
  }

  rebase(shift: number): void {
    this.#checkedTo = Math.max(0, this.#checkedTo - shift);
    this.#suspectTo = Math.max(0, this.#suspectTo - shift);
  }
}
