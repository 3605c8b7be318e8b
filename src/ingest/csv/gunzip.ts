import { createGunzip } from 'node:zlib';
import { FileError } from '../file-error.ts';

const OUTPUT_CHUNK_BYTES = 64 * 1024;

/**
 * A file is a bomb once it has unpacked to more than both. Measured with `gzip -9`: the generator's events 6 to 8 times, rows
 * that differ in nothing but a time that counts up 19, with long names that never change 107; one row repeated a
 * million times 230 to 340, zeros 1,030, which is the most that deflate can do. What is smaller than a GiB unpacked
 * harms nobody, whatever its ratio.
 */
const LARGEST_RATIO = 200;
const HARMLESS_BYTES = 1024 ** 3;

/** Whether it begins with the magic bytes of a gzip member (RFC 1952, section 2.3.1). */
export function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/**
 * Unpacks a gzip file of any number of members (RFC 1952, section 2.2), each checked by zlib against its own CRC and
 * length. Zero bytes behind the last member are padding, as for gzip(1); anything else there is damage.
 *
 * Nothing is read ahead: a chunk's output is taken before the next chunk goes in, so a bomb takes no more memory than any
 * other file, and nothing is left pending when the caller stops. What bounds its time is the limit on the ratio.
 */
export class Gunzip {
  readonly #engine = createGunzip({ chunkSize: OUTPUT_CHUNK_BYTES });
  #failure: Error | undefined;
  #bytesIn = 0;
  #bytesOut = 0;
  #isPadding = false;
  #wake: () => void = () => {};

  constructor() {
    this.#engine.on('readable', () => this.#wake());
    this.#engine.on('error', (error) => {
      this.#failure ??= error;
      this.#wake();
    });
  }

  /** @throws FileError `corrupt_gzip`, `gzip_bomb` */
  async *unpack(chunk: Buffer): AsyncGenerator<Buffer> {
    if (this.#isPadding) {
      requirePadding(chunk);
      return;
    }
    this.#bytesIn += chunk.length;
    yield* this.#outputUntil((done) => this.#engine.write(chunk, done));
    // zlib stops at a zero byte behind a member and says nothing of what follows, which may be anything.
    const unread = this.#bytesIn - this.#engine.bytesWritten;
    if (unread > 0) {
      this.#isPadding = true;
      requirePadding(chunk.subarray(chunk.length - unread));
    }
  }

  /** To be called when the source has ended. @throws FileError `corrupt_gzip` when it ended too early, `gzip_bomb`. */
  async *end(): AsyncGenerator<Buffer> {
    if (this.#isPadding) return;
    // Not the callback of end(): zlib calls it before the last flush, which is what finds a file that was cut off.
    yield* this.#outputUntil((done) => this.#engine.once('end', done).end());
  }

  close(): void {
    this.#engine.destroy();
  }

  async *#outputUntil(send: (done: (error?: Error | null) => void) => void): AsyncGenerator<Buffer> {
    let isDone = false;
    send((error) => {
      this.#failure ??= error ?? undefined;
      isDone = true;
      this.#wake();
    });
    for (;;) {
      // Made before the looks below, so that what happens during a yield is not missed.
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const output: Buffer | null = this.#engine.read();
      if (output !== null) {
        this.#bytesOut += output.length;
        if (this.#bytesOut > HARMLESS_BYTES && this.#bytesOut > LARGEST_RATIO * this.#bytesIn) throw gzipBomb();
        yield output;
      } else if (this.#failure !== undefined) throw corruptGzip(this.#failure);
      else if (isDone) return;
      else await woken;
    }
  }
}

function requirePadding(rest: Buffer): void {
  if (rest.every((byte) => byte === 0)) return;
  throw new FileError(
    'corrupt_gzip',
    'the gzip file has other bytes than zeros behind its end: it was damaged or something was appended to it; send it again',
  );
}

function gzipBomb(): FileError {
  const limits = `more than ${HARMLESS_BYTES / 1024 ** 3} GiB and more than ${LARGEST_RATIO} times its packed size`;
  return new FileError(
    'gzip_bomb',
    `the gzip file unpacks to ${limits}, as event data does not; if it is what you mean, send it unpacked or in several files`,
  );
}

function corruptGzip(cause: Error): FileError {
  const isTruncated = 'code' in cause && cause.code === 'Z_BUF_ERROR';
  const message = isTruncated
    ? 'the gzip file ends too early: it was cut off, probably while it was written or sent; send the whole file again'
    : `the gzip file is damaged (${cause.message}); check it with "gzip -t" and send it again`;
  return new FileError('corrupt_gzip', message, { cause });
}
