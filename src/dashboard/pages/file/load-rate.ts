import type { LoadProgress } from '../../api/reply-types.ts';

export interface ProgressReading extends LoadProgress {
  /** ms since 1970 */
  readonly at: number;
}

export interface LoadRate {
  readonly bytesPerSecond: number;
  readonly rowsPerSecond: number;
  readonly secondsLeft: number | undefined;
}

/** Long enough that a commit in between does not make it jump. */
const WINDOW_MS = 10_000;

/** Adds a reading and forgets those that are too old, all of them where the load has begun anew. */
export function withReading(readings: readonly ProgressReading[], next: ProgressReading): ProgressReading[] {
  const last = readings.at(-1);
  const isAnew = last !== undefined && next.bytesRead < last.bytesRead;
  return [...(isAnew ? [] : readings.filter(({ at }) => at > next.at - WINDOW_MS)), next];
}

/** How fast a load is, and when it will be done at that speed; undefined until there are two readings. */
export function loadRate(readings: readonly ProgressReading[], sizeBytes: number): LoadRate | undefined {
  const [first] = readings;
  const last = readings.at(-1);
  if (first === undefined || last === undefined || last.at <= first.at) return undefined;
  const seconds = (last.at - first.at) / 1000;
  const bytesPerSecond = (last.bytesRead - first.bytesRead) / seconds;
  return {
    bytesPerSecond,
    rowsPerSecond: (last.rowsRead - first.rowsRead) / seconds,
    secondsLeft: bytesPerSecond > 0 ? Math.max(0, sizeBytes - last.bytesRead) / bytesPerSecond : undefined,
  };
}
