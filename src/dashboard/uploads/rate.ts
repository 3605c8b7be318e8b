/** How far something had come at a time, ms. */
export interface Sample {
  readonly at: number;
  readonly value: number;
}

/** What happened before says little about what comes; less than this jumps about. */
const WINDOW_MS = 5000;
/** A rate from a moment would be whatever the first packet was. */
const SHORTEST_MS = 400;
const MAX_SAMPLES = 60;

/** Adds a sample, and forgets those that are too old to count, but the last of them: it is where the window begins. */
export function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = samples.at(-1);
  // A count that went back belongs to a new attempt.
  if (last !== undefined && sample.value < last.value) return [sample];
  // Events may come hundreds of times a second: of those within a tenth of one the newest counts.
  const before = samples.at(-2);
  const isSoon = last !== undefined && before !== undefined && last.at - before.at < WINDOW_MS / MAX_SAMPLES;
  const kept = isSoon ? [...samples.slice(0, -1), sample] : [...samples, sample];
  const firstInside = kept.findIndex(({ at }) => at >= sample.at - WINDOW_MS);
  return kept.slice(Math.max(0, firstInside - 1));
}

/** Units a second over the last seconds; undefined as long as too little was seen. */
export function ratePerSecond(samples: readonly Sample[]): number | undefined {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.at - first.at < SHORTEST_MS) return undefined;
  return ((last.value - first.value) / (last.at - first.at)) * 1000;
}

/** Seconds until `total` is reached at the present rate; undefined where nobody can tell. */
export function secondsLeft(samples: readonly Sample[], total: number): number | undefined {
  const rate = ratePerSecond(samples);
  const last = samples.at(-1);
  if (rate === undefined || rate <= 0 || last === undefined) return undefined;
  return Math.max(0, total - last.value) / rate;
}
