import { performance } from 'node:perf_hooks';
import type { FoundFile } from './scan-directory.ts';
import { fingerprintOf } from './source-file.ts';

/**
 * Decides when a file counts as complete: unchanged for `settleMs`. A modification time that old counts at once,
 * so a file that is moved in whole does not wait; one in the future (another host's clock) is not believed.
 */
export class Settling {
  readonly #settleMs: number;
  readonly #watched = new Map<string, { fingerprint: string; since: number }>();

  constructor(settleMs: number) {
    this.#settleMs = settleMs;
  }

  /** Milliseconds until it makes sense to look at the file again; 0 where it is complete. */
  remaining(found: FoundFile): number {
    const fingerprint = fingerprintOf(found.stats);
    const remaining = Math.ceil(this.#settleMs - this.unchangedMs(found));
    if (remaining <= 0) {
      this.#watched.delete(found.path);
      return 0;
    }
    const earlier = this.#watched.get(found.path);
    const since = earlier?.fingerprint === fingerprint ? earlier.since : performance.now();
    this.#watched.set(found.path, { fingerprint, since });
    return Math.min(remaining, this.#settleMs);
  }

  /** For how many milliseconds the file is known to be unchanged. A question only: nothing is remembered of it. */
  unchangedMs({ path, stats }: Pick<FoundFile, 'path' | 'stats'>): number {
    const earlier = this.#watched.get(path);
    const watchedMs = earlier?.fingerprint === fingerprintOf(stats) ? performance.now() - earlier.since : 0;
    return Math.max(watchedMs, Date.now() - Number(stats.mtimeNs / 1_000_000n));
  }

  /** Lets go of a file that has vanished before it was complete. */
  forget(path: string): void {
    this.#watched.delete(path);
  }
}
