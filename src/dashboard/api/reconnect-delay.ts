const FIRST_MS = 1000;
const LONGEST_MS = 15_000;

/** How long to wait before the attempt of this number, counted from 1: 1, 2, 4, 8, then 15 s. */
export function delayBeforeAttempt(attempt: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(10, Math.max(0, attempt - 1)));
}
