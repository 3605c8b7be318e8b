import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { fingerprintOf } from '../sources/source-file.ts';

/**
 * A small file, opened and read to its end in one go, and kept open until its rows are committed. Synchronously, which is
 * what makes thousands of them quick: the same five calls took eight times the processor time through promises and Node's
 * own threads, and a loader thread has nothing else to do meanwhile.
 */
export class WholeFile {
  readonly bytes: Buffer;
  readonly #descriptor: number;
  readonly #stats: BigIntStats;

  private constructor(descriptor: number, stats: BigIntStats, bytes: Buffer) {
    this.#descriptor = descriptor;
    this.#stats = stats;
    this.bytes = bytes;
  }

  /**
   * Undefined where the path does not hold the version of this fingerprint, whose size bounds what is read.
   * @throws what `open` and `read` throw
   */
  static open(path: string, fingerprint: string): WholeFile | undefined {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    let whole: WholeFile | undefined;
    try {
      const stats = fstatSync(descriptor, { bigint: true });
      if (stats.isFile() && fingerprintOf(stats) === fingerprint) {
        const bytes = readWhole(descriptor, Number(stats.size));
        if (bytes !== undefined) whole = new WholeFile(descriptor, stats, bytes);
      }
      return whole;
    } finally {
      if (whole === undefined) closeSync(descriptor);
    }
  }

  /**
   * Whether what was read is one version of the file, and still what is in it: nobody has touched it since, of which the
   * time of the last status change tells; or else, as where only its name was touched, size, time and bytes are the same.
   */
  isUnchanged(): boolean {
    const now = fstatSync(this.#descriptor, { bigint: true });
    if (now.ctimeNs === this.#stats.ctimeNs) return true;
    if (fingerprintOf(now) !== fingerprintOf(this.#stats)) return false;
    return readWhole(this.#descriptor, this.bytes.length)?.equals(this.bytes) === true;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** Undefined where the file has become shorter. */
function readWhole(descriptor: number, sizeBytes: number): Buffer | undefined {
  const bytes = Buffer.allocUnsafeSlow(sizeBytes);
  let position = 0;
  while (position < sizeBytes) {
    const bytesRead = readSync(descriptor, bytes, position, sizeBytes - position, position);
    if (bytesRead === 0) return undefined;
    position += bytesRead;
  }
  return bytes;
}
