// Medians and shares of samples; no means, since one disturbed run would move them.

/** Value below which `share` (0 to 1) of the samples lie, by nearest rank. */
export function percentile(samples, share) {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}

/** Middle one of an odd number of samples, half way between the two in the middle of an even one. */
export function median(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** `samples` in order of measurement, with what the tables show of them. */
export function summary(samples) {
  return {
    n: samples.length,
    median: median(samples),
    p95: percentile(samples, 0.95),
    p99: percentile(samples, 0.99),
    min: Math.min(...samples),
    max: Math.max(...samples),
    samples,
  };
}

/**
 * How many times as fast the first is, from seconds. `ofMedians` compares the two medians; `medianOfPairs` is the median of the
 * ratios of runs that followed each other, which a machine that gets slower in between does not move.
 */
export function ratios(seconds, referenceSeconds) {
  const pairs = seconds.map((own, index) => referenceSeconds[index] / own);
  return { ofMedians: median(referenceSeconds) / median(seconds), medianOfPairs: median(pairs), pairs };
}

export function atLeast(what, actual, value) {
  return { what, sign: '≥', value, actual, met: actual >= value };
}

export function atMost(what, actual, value, unit = '') {
  return { what, sign: '≤', value, unit, actual, met: actual <= value };
}
