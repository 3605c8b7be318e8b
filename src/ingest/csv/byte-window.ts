/**
 * The bytes of the file that are still needed: the unfinished tail of what was pushed before, and the chunk pushed last.
 * A chunk that follows no tail is used where it lies; only tails are copied, into one buffer that doubles, so that a record
 * cut into many chunks costs linear time.
 */
export class ByteWindow {
  /** Valid up to {@link length}, and only until the next append. */
  bytes: Buffer = Buffer.alloc(0);
  length = 0;
  /** The decoded offset of the byte with index 0. */
  base: number;
  #own: Buffer = Buffer.alloc(0);

  constructor(base: number) {
    this.base = base;
  }

  append(chunk: Buffer): void {
    if (this.length === 0) {
      this.bytes = chunk;
      this.length = chunk.length;
      return;
    }
    this.#reserve(this.length + chunk.length);
    chunk.copy(this.#own, this.length);
    this.bytes = this.#own;
    this.length += chunk.length;
  }

  /** Forgets what lies before `index` and takes a copy of the rest, for the chunk belongs to the caller. */
  keepFrom(index: number): void {
    const kept = this.length - index;
    if (this.bytes !== this.#own && kept > this.#own.length) this.#own = Buffer.allocUnsafeSlow(kept);
    if (this.bytes !== this.#own || index > 0) this.bytes.copy(this.#own, 0, index, this.length);
    this.bytes = this.#own;
    this.base += index;
    this.length = kept;
  }

  #reserve(size: number): void {
    if (size <= this.#own.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(size, 2 * this.#own.length));
    this.#own.copy(larger, 0, 0, this.length);
    this.#own = larger;
  }
}
