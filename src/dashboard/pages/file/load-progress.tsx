import { useState } from 'preact/hooks';
import type { FileReply, LoadProgress } from '../../api/reply-types.ts';
import { ProgressBar } from '../../components/progress-bar.tsx';
import { formatByteRate, formatBytes } from '../../format/bytes.ts';
import { formatSeconds } from '../../format/durations.ts';
import { formatCounted } from '../../format/numbers.ts';
import { useLiveEvent } from '../../state/use-live-event.ts';
import { ratePerSecond, type Sample, secondsLeft, withSample } from '../../uploads/rate.ts';

interface Reading {
  readonly last: LoadProgress | undefined;
  readonly samples: readonly Sample[];
}

/** How far the load of a file is, how fast, and how long it will take. */
export function FileProgress({ file }: { readonly file: FileReply }) {
  const [{ last, samples }, setReading] = useState<Reading>({ last: undefined, samples: [] });
  useLiveEvent('progress', (progress) => {
    if (progress.fileId !== file.fileId) return;
    const sample = { at: Date.now(), value: progress.bytesRead };
    setReading((before) => ({ last: progress, samples: withSample(before.samples, sample) }));
  });
  if (file.status === 'queued') {
    return (
      <section class="card" aria-label="Progress">
        <p>Waits for a free loader, or for its writer to finish.</p>
        <ProgressBar share={0} label="Loaded" />
      </section>
    );
  }
  // Before the first event, and where another process loads it, what is committed is all that is known.
  const bytes = last?.bytesRead ?? file.bytesCommitted;
  const rate = ratePerSecond(samples);
  const left = secondsLeft(samples, file.sizeBytes);
  return (
    <section class="card stack" aria-label="Progress">
      <ProgressBar share={bytes === 0 ? undefined : bytes / file.sizeBytes} label="Loaded" />
      <p class="small progress-line">
        <span>
          {formatBytes(bytes)} of {formatBytes(file.sizeBytes)}
        </span>
        <span>{formatCounted(last?.rowsRead ?? file.rowsRead, 'row')} read</span>
        {rate === undefined ? null : <span>{formatByteRate(rate)}</span>}
        {left === undefined ? null : <span>about {formatSeconds(left)} left</span>}
      </p>
    </section>
  );
}
