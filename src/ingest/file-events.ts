import type { SourceFileRow } from '../database/schema.ts';

export interface LoadProgress {
  readonly fileId: number;
  readonly bytesRead: number;
  readonly rowsRead: number;
}

/** Whoever has told of a load within this time is still at it. */
const LOADING_MS = 500;

/** What this process knows to have happened to files, told after it was committed. */
export class FileEvents {
  readonly #fileListeners = new Set<(file: SourceFileRow) => void>();
  readonly #progressListeners = new Set<(progress: LoadProgress) => void>();
  #progressAt = Number.NEGATIVE_INFINITY;

  /** Whether rows are being loaded, for what can wait until they are. */
  get isLoading(): boolean {
    return performance.now() - this.#progressAt < LOADING_MS;
  }

  fileChanged(file: SourceFileRow): void {
    for (const listener of this.#fileListeners) listener(file);
  }

  progressed(progress: LoadProgress): void {
    this.#progressAt = performance.now();
    for (const listener of this.#progressListeners) listener(progress);
  }

  /** Returns the function that ends the subscription. */
  onFile(listener: (file: SourceFileRow) => void): () => void {
    this.#fileListeners.add(listener);
    return () => this.#fileListeners.delete(listener);
  }

  /** Returns the function that ends the subscription. */
  onProgress(listener: (progress: LoadProgress) => void): () => void {
    this.#progressListeners.add(listener);
    return () => this.#progressListeners.delete(listener);
  }
}

/** Whether a file has reached an end: nothing happens to it any more unless somebody asks. */
export function isTerminal(file: Pick<SourceFileRow, 'status'>): boolean {
  switch (file.status) {
    case 'queued':
    case 'loading':
      return false;
    case 'loaded':
    case 'failed':
    case 'duplicate':
    case 'held':
    case 'reverted':
      return true;
  }
}
