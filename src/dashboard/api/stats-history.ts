import type { Stats } from './reply-types.ts';

/** What the plots show of one moment. */
export interface StatsSample {
  /** ms since 1970 */
  readonly at: number;
  readonly rowsPerSecond: number;
  readonly waitingFiles: number;
  /** age of the oldest file that waits */
  readonly lagSeconds: number;
}

export const HISTORY_MS = 5 * 60_000;

/** The age of the oldest waiting file: it grows by itself after the figures were sent. */
export function lagSecondsAt({ stats, at }: { readonly stats: Stats; readonly at: number }, now: number): number {
  const { queuedFiles, oldestQueuedSeconds } = stats.lag;
  return queuedFiles === 0 ? 0 : oldestQueuedSeconds + Math.max(0, now - at) / 1000;
}

/** Adds what is known now, and forgets what is older than the plots are wide. */
export function withStatsSample(
  history: readonly StatsSample[],
  latest: { readonly stats: Stats; readonly at: number },
  now: number,
): readonly StatsSample[] {
  const sample: StatsSample = {
    at: now,
    rowsPerSecond: latest.stats.throughput.rowsPerSecond,
    waitingFiles: latest.stats.lag.queuedFiles,
    lagSeconds: lagSecondsAt(latest, now),
  };
  return [...history.filter(({ at }) => at > now - HISTORY_MS), sample];
}

/** One sample in each `everyMs`, newest first: few enough to be read out as a table. */
export function thinned(history: readonly StatsSample[], everyMs: number): readonly StatsSample[] {
  const kept: StatsSample[] = [];
  for (const sample of history.toReversed()) {
    const last = kept.at(-1);
    if (last === undefined || last.at - sample.at >= everyMs) kept.push(sample);
  }
  return kept;
}
