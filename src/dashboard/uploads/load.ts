import type { FileReply, LoadProgress } from '../api/reply-types.ts';
import { formatByteRate, formatBytes } from '../format/bytes.ts';
import { formatSeconds } from '../format/durations.ts';
import { formatCounted } from '../format/numbers.ts';
import { ratePerSecond, type Sample, secondsLeft, withSample } from './rate.ts';

/** How far the load of a file has come, by what was told live. */
export interface Load {
  readonly bytesRead: number;
  readonly rowsRead: number;
  readonly samples: readonly Sample[];
}

export const NOTHING_LOADED: Load = { bytesRead: 0, rowsRead: 0, samples: [] };

export function afterProgress(load: Load, { bytesRead, rowsRead }: LoadProgress, at: number): Load {
  return { bytesRead, rowsRead, samples: withSample(load.samples, { at, value: bytesRead }) };
}

export interface LoadText {
  /** rows and bytes, then, once they can be told, rate and time left */
  readonly parts: readonly string[];
  /** 0 to 1; `unknown` before anything is */
  readonly share: number | 'unknown';
}

export function loadText({ samples, ...told }: Load, file: FileReply): LoadText {
  // Before the first event, and where another process loads it, what is committed is all that is known.
  const [bytes, rows] = told.bytesRead > 0 ? [told.bytesRead, told.rowsRead] : [file.bytesCommitted, file.rowsRead];
  const amount = `${formatCounted(rows, 'row')} read, ${formatBytes(bytes)} of ${formatBytes(file.sizeBytes)}`;
  return {
    parts: [amount, ...speedParts(samples, file.sizeBytes)],
    share: bytes === 0 ? 'unknown' : bytes / Math.max(1, file.sizeBytes),
  };
}

/** The rate, and the time that is left by it, as far as they can be told. */
export function speedParts(samples: readonly Sample[], total: number): readonly string[] {
  const rate = ratePerSecond(samples);
  if (rate === undefined) return [];
  const left = secondsLeft(samples, total);
  return [formatByteRate(rate), ...(left === undefined ? [] : [`${formatSeconds(Math.ceil(left))} left`])];
}
