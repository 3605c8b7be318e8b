import type { FileReply } from '../api/reply-types.ts';

/** The latest of each file that was told, up to a limit: more than that is not kept, only that there was more. */
export class LiveChanges {
  readonly #most: number;
  readonly #files = new Map<number, FileReply>();
  #isOverflown = false;

  constructor(most: number) {
    this.#most = most;
  }

  /** whether some were let go: a list that is made with the rest is not complete */
  get isOverflown(): boolean {
    return this.#isOverflown;
  }

  get isEmpty(): boolean {
    return this.#files.size === 0;
  }

  add(file: FileReply): void {
    this.#files.set(file.fileId, file);
    if (this.#files.size <= this.#most) return;
    const [toldFirst] = this.#files.keys();
    if (toldFirst !== undefined) this.#files.delete(toldFirst);
    this.#isOverflown = true;
  }

  /** Hands them out and is empty again. */
  take(): readonly FileReply[] {
    const files = [...this.#files.values()];
    this.#files.clear();
    this.#isOverflown = false;
    return files;
  }
}
