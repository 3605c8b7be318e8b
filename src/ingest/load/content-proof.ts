import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { inspectContent } from '../sources/inspect-content.ts';
import { SourceChangedError, type SourceFile } from '../sources/source-file.ts';

/** While the rest of a file is looked at, the server waits in mid-COPY and holds its locks. */
const LONGEST_INSPECTION_MS = 3000;

/** A file was begun in one pass, and is too large for that or was touched meanwhile: it has to be inspected before it is loaded. */
export class NeedsInspectionError extends Error {
  readonly code = 'needs_inspection';

  constructor(path: string) {
    super(`${path} can't be loaded in one pass`);
  }
}

/**
 * Vouches for the rows of a load being those of one version of the file: by the digest of a pass before, or, where there
 * was none, by the file having been left alone from its opening to the commit.
 */
export class ContentProof {
  readonly #source: SourceFile;
  readonly #onChunk: () => void;
  readonly #hash = createHash('sha256');
  #sha256: string | undefined;
  #isVouchedFor: boolean;

  /** `sha256` from a pass before; `onChunk` is called during a pass of its own, and may throw to stop. */
  constructor(source: SourceFile, sha256: string | undefined, onChunk: () => void) {
    this.#source = source;
    this.#onChunk = onChunk;
    this.#sha256 = sha256;
    this.#isVouchedFor = sha256 !== undefined;
  }

  /** Takes the bytes of the file in their order. */
  update(chunk: Buffer): void {
    this.#hash.update(chunk);
  }

  /**
   * The digest of the whole file, to be committed with the rows read so far. Nothing of a file is to be visible before it
   * is known to be whole, so in one pass the rest is looked at now.
   * @throws SourceChangedError, NeedsInspectionError; FileError where the rest is damaged
   */
  async inTheMiddle(): Promise<string> {
    this.#sha256 ??= await this.#inspect();
    await this.#requireSameVersion();
    return this.#sha256;
  }

  /**
   * The digest of the whole file, all of which has been read.
   * @throws SourceChangedError, NeedsInspectionError
   */
  async atEnd(): Promise<string> {
    const read = this.#hash.digest('hex');
    this.#sha256 ??= read;
    if (this.#sha256 !== read) throw new SourceChangedError(this.#source.path, this.#source.stats);
    await this.#requireSameVersion();
    return read;
  }

  async #requireSameVersion(): Promise<void> {
    await this.#source.assertUnchanged();
    if (!this.#isVouchedFor && (await this.#source.isTouched())) throw new NeedsInspectionError(this.#source.path);
    this.#isVouchedFor = true;
  }

  async #inspect(): Promise<string> {
    const startedAt = performance.now();
    const { sha256 } = await inspectContent(this.#source, [], () => {
      if (performance.now() - startedAt > LONGEST_INSPECTION_MS) throw new NeedsInspectionError(this.#source.path);
      this.#onChunk();
    });
    return sha256;
  }
}
