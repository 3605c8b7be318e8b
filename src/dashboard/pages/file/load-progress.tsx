import { useState } from 'preact/hooks';
import type { FileReply } from '../../api/reply-types.ts';
import { ProgressBar } from '../../components/progress-bar.tsx';
import { useLiveEvent } from '../../state/use-live-event.ts';
import { afterProgress, type Load, loadText, NOTHING_LOADED } from '../../uploads/load.ts';

/** How far the load of a file is, how fast, and how long it will take. */
export function FileProgress({ file }: { readonly file: FileReply }) {
  const [load, setLoad] = useState<Load>(NOTHING_LOADED);
  useLiveEvent('progress', (progress) => {
    if (progress.fileId === file.fileId) setLoad((before) => afterProgress(before, progress, Date.now()));
  });
  if (file.status === 'queued') {
    return (
      <section class="card" aria-label="Progress">
        <p>Waits for a free loader, or for its writer to finish.</p>
        <ProgressBar share={0} label="Loaded" />
      </section>
    );
  }
  const { parts, share } = loadText(load, file);
  return (
    <section class="card stack" aria-label="Progress">
      <ProgressBar share={share === 'unknown' ? undefined : share} label="Loaded" />
      <p class="small progress-line">
        {parts.map((part, index) => (
          <span key={index}>{part}</span>
        ))}
      </p>
    </section>
  );
}
