import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from '../../error-code.ts';
import { FileError } from '../file-error.ts';

/** The file is not what it was when it was looked at: what was read of it must not be committed. */
export class SourceChangedError extends Error {
  readonly code = 'source_changed';
  readonly version: { readonly sizeBytes: number; readonly fingerprint: string };

  constructor(path: string, stats: BigIntStats) {
    super(`${path} changed while it was being read`);
    this.name = 'SourceChangedError';
    this.version = { sizeBytes: Number(stats.size), fingerprint: fingerprintOf(stats) };
  }
}

/** Size, modification time and inode: equal fingerprints of one path mean the same version. */
export function fingerprintOf(stats: BigIntStats): string {
  return `${stats.size}:${stats.mtimeNs}:${stats.ino}`;
}

/** Errors of `open` and `read` that will not pass by waiting. */
const FINAL_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'it is no longer there',
  ENOTDIR: 'its folder is no longer there',
  EACCES: 'this process may not read it: change its permissions and retry it',
  EPERM: 'this process may not read it: change its permissions and retry it',
  ELOOP: 'it is a symbolic link, and those are not followed',
  EISDIR: 'it is a folder',
  ENXIO: 'it is not a regular file',
  ENAMETOOLONG: 'its name is too long',
};

/** Says a failed `open` or `read` as a fault of the file where it is one; everything else passes as it is. */
export function asFileError(path: string, error: unknown): unknown {
  const code = errorCode(error);
  const why = FINAL_ERRORS[code];
  return why === undefined
    ? error
    : new FileError('unreadable', `${path} can't be read: ${why} (${code})`, { cause: error });
}

/**
 * An open source file. It is opened once and read through its descriptor only, so a path that is replaced meanwhile
 * does not mix two files, and never through a symbolic link; `O_NONBLOCK` keeps a FIFO from blocking the thread.
 */
export class SourceFile {
  readonly path: string;
  readonly stats: BigIntStats;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle, stats: BigIntStats) {
    this.path = path;
    this.#handle = handle;
    this.stats = stats;
  }

  /** @throws FileError `unreadable` */
  static async open(path: string): Promise<SourceFile> {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((error) => {
      throw asFileError(path, error);
    });
    try {
      const stats = await handle.stat({ bigint: true });
      if (!stats.isFile()) throw new FileError('unreadable', `${path} can't be read: it is not a regular file`);
      return new SourceFile(path, handle, stats);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get sizeBytes(): number {
    return Number(this.stats.size);
  }

  get fingerprint(): string {
    return fingerprintOf(this.stats);
  }

  /**
   * The bytes that the file had when it was opened, from the first; what is appended meanwhile is not read. The next chunk is
   * being read while the caller works on one, into two buffers by turns: a chunk is valid until the next one is asked for.
   * @throws FileError `unreadable`, SourceChangedError where it has become shorter
   */
  async *chunks(chunkBytes: number): AsyncGenerator<Buffer, void, void> {
    const size = this.sizeBytes;
    const bufferBytes = Math.min(chunkBytes, size);
    let buffer = Buffer.allocUnsafeSlow(bufferBytes);
    let spare = size > bufferBytes ? Buffer.allocUnsafeSlow(bufferBytes) : buffer;
    let position = 0;
    let reading = size > 0 ? this.#read(buffer, position) : undefined;
    try {
      while (reading !== undefined) {
        const bytesRead: number = await reading;
        const chunk = buffer.subarray(0, bytesRead);
        position += bytesRead;
        [buffer, spare] = [spare, buffer];
        reading = position < size ? this.#read(buffer, position) : undefined;
        // Where the caller throws, nobody waits for it any more.
        reading?.catch(() => {});
        yield chunk;
      }
    } finally {
      await reading?.catch(() => {});
    }
  }

  /** Fills the buffer, as far as the file goes: network file systems give less at a time than they are asked for. */
  async #read(buffer: Buffer, position: number): Promise<number> {
    const wanted = Math.min(buffer.length, this.sizeBytes - position);
    let filled = 0;
    while (filled < wanted) {
      const { bytesRead } = await this.#handle
        .read(buffer, filled, wanted - filled, position + filled)
        .catch((error) => {
          throw asFileError(this.path, error);
        });
      if (bytesRead === 0) throw new SourceChangedError(this.path, await this.#handle.stat({ bigint: true }));
      filled += bytesRead;
    }
    return filled;
  }

  /**
   * Being renamed, replaced or deleted does not change what an open descriptor reads, so only size and time count here;
   * a change that hides behind them is found by the digest before the last commit.
   * @throws SourceChangedError
   */
  async assertUnchanged(): Promise<void> {
    const now = await this.#handle.stat({ bigint: true });
    if (fingerprintOf(now) !== this.fingerprint) throw new SourceChangedError(this.path, now);
  }

  /**
   * Whether anything was done to the file since it was opened, if only to its name. Unlike size and modification time, the
   * time of the last status change (POSIX, `st_ctim`) can't be set by a program.
   */
  async isTouched(): Promise<boolean> {
    const { ctimeNs } = await this.#handle.stat({ bigint: true });
    return ctimeNs !== this.stats.ctimeNs;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Whether the folder that a file lies in, or lay in, can be reached. */
export async function isFolderThere(path: string): Promise<boolean> {
  try {
    return (await stat(dirname(path))).isDirectory();
  } catch {
    return false;
  }
}
