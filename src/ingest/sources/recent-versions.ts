import { performance } from 'node:perf_hooks';

/**
 * The versions of files that were submitted within the last `forMs`, three times that at most. A file that arrives while a
 * scan runs is found by the scan and by its event, and thousands that arrive at once by several of each.
 */
export class RecentVersions {
  readonly #forMs: number;
  #older = new Map<string, string>();
  #newer = new Map<string, string>();
  #newerSince = performance.now();

  constructor(forMs: number) {
    this.#forMs = forMs;
  }

  add(path: string, fingerprint: string): void {
    this.#newer.set(path, fingerprint);
  }

  has(path: string, fingerprint: string): boolean {
    const age = performance.now() - this.#newerSince;
    if (age > this.#forMs) {
      this.#older = age > 2 * this.#forMs ? new Map() : this.#newer;
      this.#newer = new Map();
      this.#newerSince = performance.now();
    }
    return (this.#newer.get(path) ?? this.#older.get(path)) === fingerprint;
  }
}
