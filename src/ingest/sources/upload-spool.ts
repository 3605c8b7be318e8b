import { createHash, randomUUID } from 'node:crypto';
import { lstat, mkdir, open, readdir, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Queryable } from '../../database/client.ts';
import type { SourceFileRow } from '../../database/schema.ts';
import { inTransaction } from '../../database/transaction.ts';
import { errorCode } from '../../error-code.ts';
import { type FileVersion, insertFiles, isPathOpen, lockRegistration } from '../ledger/register-files.ts';
import { namesToTry, safeName } from './file-name.ts';
import { fileSystemTime } from './file-system-time.ts';
import { linkWithoutOverwriting, syncPath } from './place-file.ts';
import { fingerprintOf } from './source-file.ts';

/** Hidden, so the watcher leaves it alone; inside the watched folder, so that moving out of it is a rename. */
const SPOOL = '.uploads';
/** Many times what lies between two signs of life that a process gives of what it holds. */
const ABANDONED_AFTER_MS = 15 * 60 * 1000;

export class UploadTooLargeError extends Error {
  readonly code = 'upload_too_large';
}

/** An upload that is whole and synced on disk, but not in the folder or ledger yet. */
export interface SpooledUpload {
  readonly name: string;
  readonly spoolPath: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Takes uploads into the watched folder: streamed to disk, synced, moved in under a free name, and in the ledger. */
export class UploadSpool {
  readonly #inputDirectory: string;
  readonly #directory: string;
  readonly #maxBytes: number;
  /** paths of what this process is receiving, or has received and not accepted yet */
  readonly #held = new Set<string>();

  constructor(options: { readonly inputDirectory: string; readonly maxBytes: number }) {
    this.#inputDirectory = options.inputDirectory;
    this.#directory = join(options.inputDirectory, SPOOL);
    this.#maxBytes = options.maxBytes;
  }

  /**
   * Removes what a process that is gone left half received. What nobody has given a sign of life for a while is of no
   * replica that lives: each gives one of all that it holds whenever it looks, which has to be often.
   */
  async purge(): Promise<void> {
    const names = await readdir(this.#directory).catch(() => []);
    if (names.length === 0) return;
    const { now, error } = await fileSystemTime(this.#directory).then(
      (time) => ({ now: time, error: undefined }),
      (reason: unknown) => ({ now: new Date(), error: reason }),
    );
    for (const path of this.#held) await utimes(path, now, now).catch(() => {});
    // No room or no descriptor for the question: a clock that may be wrong gives signs of life, but removes nothing.
    if (error !== undefined) throw error;
    for (const name of names) {
      const path = join(this.#directory, name);
      const stats = await lstat(path).catch(() => undefined);
      if (stats !== undefined && now.getTime() - stats.mtimeMs > ABANDONED_AFTER_MS) await unlink(path).catch(() => {});
    }
  }

  /**
   * Streams one upload to disk in constant memory and syncs it. Nothing is left behind where it fails or is cut off.
   * `before`: bytes of the same request that other files have taken already; the limit is for all of them together.
   * @throws UploadTooLargeError, and what the stream or the disk throws
   */
  async receive(givenName: string, body: AsyncIterable<Buffer>, before = 0): Promise<SpooledUpload> {
    await mkdir(this.#directory, { recursive: true });
    const spoolPath = join(this.#directory, `${randomUUID()}.part`);
    // Opened before a byte is read: were it left to the stream, the file could appear after a quick failure had removed it.
    const handle = await open(spoolPath, 'wx');
    this.#held.add(spoolPath);
    const hash = createHash('sha256');
    let sizeBytes = 0;
    const maxBytes = this.#maxBytes;
    async function* counted(chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        sizeBytes += chunk.length;
        if (before + sizeBytes > maxBytes)
          throw new UploadTooLargeError(`the upload is larger than MAX_UPLOAD_BYTES (${maxBytes} bytes)`);
        hash.update(chunk);
        yield chunk;
      }
    }
    try {
      await pipeline(body, counted, handle.createWriteStream({ flush: true }));
    } catch (error) {
      await handle.close().catch(() => {});
      await this.#drop(spoolPath);
      throw error;
    }
    return { name: safeName(givenName), spoolPath, sizeBytes, sha256: hash.digest('hex') };
  }

  /**
   * Moves spooled uploads into the watched folder and the ledger, all or none. The ledger rows are written while
   * registration is locked, so the watcher, which sees the files arrive, finds them there.
   * `limits`: what the client wants to hold for these files.
   */
  async accept(
    database: Queryable,
    uploads: readonly SpooledUpload[],
    limits: Pick<FileVersion, 'maxRejectPercent'> = {},
  ): Promise<SourceFileRow[]> {
    const placed: string[] = [];
    try {
      const accepted = await inTransaction(database, async (transaction) => {
        await lockRegistration(transaction);
        const versions: FileVersion[] = [];
        for (const upload of uploads) {
          const { name, path } = await this.#place(transaction, upload, (path) => placed.push(path));
          const stats = await lstat(path, { bigint: true });
          const { sizeBytes, sha256 } = upload;
          const fingerprint = fingerprintOf(stats);
          versions.push({ ...limits, name, path, origin: 'upload', sizeBytes, sha256, fingerprint });
        }
        await syncPath(this.#inputDirectory);
        return await insertFiles(transaction, versions);
      });
      for (const { spoolPath } of uploads) this.#held.delete(spoolPath);
      return accepted;
    } catch (error) {
      // Also where the answer to COMMIT was lost: the client is told to send again, so this copy must not stay.
      await Promise.all(placed.map((path) => unlink(path).catch(() => {})));
      throw error;
    }
  }

  /** Removes spooled uploads that are not wanted; those that were accepted are not in the spool any more. */
  async discard(uploads: readonly SpooledUpload[]): Promise<void> {
    await Promise.all(uploads.map(({ spoolPath }) => this.#drop(spoolPath)));
  }

  async #drop(spoolPath: string): Promise<void> {
    this.#held.delete(spoolPath);
    await unlink(spoolPath).catch(() => {});
  }

  async #place(
    transaction: Queryable,
    upload: SpooledUpload,
    onPlaced: (path: string) => void,
  ): Promise<{ name: string; path: string }> {
    for (const name of namesToTry(upload.name)) {
      const path = join(this.#inputDirectory, name);
      // A file of that name may be gone from the folder and still wait in the ledger.
      if (await isPathOpen(transaction, path)) continue;
      try {
        await linkWithoutOverwriting(upload.spoolPath, path);
        // Known from here on: where its first name can't be taken from it, it must not stay.
        onPlaced(path);
        await unlink(upload.spoolPath);
        return { name, path };
      } catch (error) {
        if (errorCode(error) !== 'EEXIST') throw error;
      }
    }
    throw new Error(`${this.#inputDirectory} has no free name for ${upload.name}`);
  }
}
