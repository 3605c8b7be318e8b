import { expect, test } from 'vitest';
import { delayBeforeAttempt } from '../../../src/dashboard/api/reconnect-delay.ts';
import type { Stats } from '../../../src/dashboard/api/reply-types.ts';
import {
  HISTORY_MS,
  lagSecondsAt,
  type StatsSample,
  thinned,
  withStatsSample,
} from '../../../src/dashboard/api/stats-history.ts';

const stats = (queuedFiles: number, oldestQueuedSeconds: number): Stats => ({
  files: { queued: queuedFiles, loading: 0, loaded: 0, failed: 0, duplicate: 0, held: 0, reverted: 0 },
  rows: { read: 0, loaded: 0, rejected: 0 },
  rejectsByReason: {},
  throughput: { rowsPerSecond: 5, bytesPerSecond: 50 },
  lag: { queuedFiles, oldestQueuedSeconds },
  latency: { p50Ms: 0, p95Ms: 0 },
  lastLoadedAt: null,
  watcher: { directory: '/input', state: 'watching' },
});

test('the age of what waits grows though nothing is told', () => {
  expect(lagSecondsAt({ stats: stats(1, 2.5), at: 1000 }, 4000)).toBe(5.5);
  expect(lagSecondsAt({ stats: stats(1, 2.5), at: 1000 }, 0)).toBe(2.5);
  expect(lagSecondsAt({ stats: stats(0, 0), at: 1000 }, 4000)).toBe(0);
});

test('the history is as long as the plots are wide, however long the page is open', () => {
  let history: readonly StatsSample[] = [];
  for (let now = 0; now < 3 * HISTORY_MS; now += 1000) {
    history = withStatsSample(history, { stats: stats(1, 0), at: 0 }, now);
  }
  expect(history).toHaveLength(HISTORY_MS / 1000);
  expect(history.at(-1)).toEqual({ at: 899_000, rowsPerSecond: 5, waitingFiles: 1, lagSeconds: 899 });
  expect(thinned(history, 60_000).map(({ at }) => at)).toEqual([899_000, 839_000, 779_000, 719_000, 659_000]);
});

test('a lost connection is tried again soon, and later on not too often', () => {
  expect([1, 2, 3, 4, 5, 6, 1000].map(delayBeforeAttempt)).toEqual([1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
});
