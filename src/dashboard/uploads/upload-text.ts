import { formatByteRate, formatBytes } from '../format/bytes.ts';
import { formatSeconds } from '../format/durations.ts';
import { formatCounted } from '../format/numbers.ts';
import { resultInWords } from './outcome.ts';
import { ratePerSecond, type Sample, secondsLeft } from './rate.ts';
import { isTerminal, type Upload } from './upload-queue.ts';

/** What a row of the list of uploads says. */
export interface UploadText {
  readonly words: string;
  /** 0 to 1; `unknown` where it runs but nobody can tell how far; undefined where nothing runs */
  readonly share: number | 'unknown' | undefined;
}

export function uploadText({ state, sizeBytes, losses }: Upload, now: number): UploadText {
  switch (state.phase) {
    case 'waiting':
      return { words: 'waiting for its turn to be sent', share: 0 };
    case 'sending': {
      const { sentBytes, samples } = state;
      if (sentBytes >= sizeBytes && sizeBytes > 0) return { words: 'sent; Sluice is writing it down', share: 1 };
      const amount = `${formatBytes(sentBytes)} of ${formatBytes(sizeBytes)} sent`;
      return {
        words: join(amount, speed(samples, sizeBytes)),
        share: sizeBytes === 0 ? 'unknown' : sentBytes / sizeBytes,
      };
    }
    case 'pausing': {
      const seconds = Math.max(1, Math.ceil((state.retryAt - now) / 1000));
      return { words: `the connection broke (${losses}×); sending again in ${seconds} s`, share: undefined };
    }
    case 'taken': {
      if (isTerminal(state.file)) return { words: resultInWords(state.file), share: undefined };
      const { bytesRead, rowsRead, samples } = state.load;
      if (bytesRead === 0)
        return { words: resultInWords(state.file), share: state.file.status === 'loading' ? 'unknown' : 0 };
      const amount = `${formatCounted(rowsRead, 'row')} read, ${formatBytes(bytesRead)} of ${formatBytes(state.file.sizeBytes)}`;
      return {
        words: join(amount, speed(samples, state.file.sizeBytes)),
        share: bytesRead / Math.max(1, state.file.sizeBytes),
      };
    }
    case 'refused':
      return { words: state.message, share: undefined };
    case 'cancelled':
      return { words: 'cancelled; nothing of it was kept', share: undefined };
  }
}

function speed(samples: readonly Sample[], total: number): string {
  const rate = ratePerSecond(samples);
  if (rate === undefined) return '';
  const left = secondsLeft(samples, total);
  return join(formatByteRate(rate), left === undefined ? '' : `${formatSeconds(Math.ceil(left))} left`);
}

function join(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' · ');
}
