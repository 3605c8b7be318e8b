import { createHash } from 'node:crypto';

const UINT32 = 2 ** 32;

/** A repeatable source of random numbers; the same seed gives the same sequence on every machine and Node version. */
export interface Random {
  /** A whole number from 0 to `limit` − 1. `limit` must be from 1 to 2^32. */
  below(limit: number): number;
  /** True in about `percent` of 100 calls. */
  chance(percent: number): boolean;
  /** 32 random bits as an unsigned number. */
  bits(): number;
}

/**
 * sfc32, the "small fast counter" generator by Chris Doty-Humphrey (PractRand, public domain,
 * https://pracrand.sourceforge.net/RNG_engines.txt), its 128 bits of state filled with the SHA-256 of the seed, so that
 * neighbouring seeds give unrelated sequences. Not for secrets. A number and its decimal text are the same seed.
 */
export function createRandom(seed: number | string): Random {
  const state = createHash('sha256').update(String(seed)).digest();
  let a = state.readInt32LE(0);
  let b = state.readInt32LE(4);
  let c = state.readInt32LE(8);
  let counter = 1;

  function bits(): number {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  // PractRand throws away the first outputs too: until then the state still shows the seed.
  for (let round = 0; round < 12; round += 1) bits();

  const below = (limit: number): number => Math.floor((bits() / UINT32) * limit);
  return { bits, below, chance: (percent) => below(100) < percent };
}

/**
 * A rank from 0 (hottest) to `count` − 1, Zipf-like: the ranks are cut into bins of 1, 2, 4, 8 … and each bin is equally
 * likely, so rank r comes about 1/r as often as the first. Whole numbers only: `Math.pow` and `Math.exp` may differ in the
 * last bit between engines, and that would change a seeded file.
 */
export function pickRank(random: Random, count: number): number {
  const bins = 32 - Math.clz32(count);
  const first = 2 ** random.below(bins) - 1;
  const width = Math.min(first + 1, count - first);
  return first + random.below(width);
}

/** The items in random order (Fisher–Yates), as a new array. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result: T[] = [];
  for (const item of items) {
    const place = random.below(result.length + 1);
    const displaced = result[place];
    if (displaced === undefined) {
      result.push(item);
    } else {
      result[place] = item;
      result.push(displaced);
    }
  }
  return result;
}
