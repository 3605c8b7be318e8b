import { useState } from 'preact/hooks';
import type { FileReply } from '../../api/reply-types.ts';
import { ProgressBar } from '../../components/progress-bar.tsx';
import { formatByteRate, formatBytes } from '../../format/bytes.ts';
import { formatSeconds } from '../../format/durations.ts';
import { formatCount } from '../../format/numbers.ts';
import { useLiveEvent } from '../../state/use-live-event.ts';
import { loadRate, type ProgressReading, withReading } from './load-rate.ts';

/** How far the load of a file is, how fast, and how long it will take. */
export function FileProgress({ file }: { readonly file: FileReply }) {
  const [readings, setReadings] = useState<readonly ProgressReading[]>([]);
  useLiveEvent('progress', (progress) => {
    if (progress.fileId !== file.fileId) return;
    setReadings((before) => withReading(before, { ...progress, at: Date.now() }));
  });
  if (file.status === 'queued') {
    return (
      <section class="card" aria-label="Progress">
        <p>Waits for a free loader, or for its writer to finish.</p>
        <ProgressBar share={0} label="Loaded" />
      </section>
    );
  }
  const last = readings.at(-1);
  const bytes = last?.bytesRead ?? file.bytesCommitted;
  const rows = last?.rowsRead ?? file.rowsRead;
  const rate = loadRate(readings, file.sizeBytes);
  return (
    <section class="card stack" aria-label="Progress">
      <ProgressBar share={bytes === 0 || file.sizeBytes === 0 ? undefined : bytes / file.sizeBytes} label="Loaded" />
      <p class="small progress-line">
        <span>
          {formatBytes(bytes)} of {formatBytes(file.sizeBytes)}
        </span>
        <span>{formatCount(rows)} rows</span>
        {rate === undefined ? null : (
          <>
            <span>
              {formatByteRate(rate.bytesPerSecond)}, {formatCount(rate.rowsPerSecond)} rows/s
            </span>
            <span>{rate.secondsLeft === undefined ? '' : `about ${formatSeconds(rate.secondsLeft)} left`}</span>
          </>
        )}
      </p>
    </section>
  );
}
