import { Icon, type IconName } from '../components/icon.tsx';
import { ProgressBar } from '../components/progress-bar.tsx';
import { StateBadge } from '../components/state-badge.tsx';
import { isDiscarded } from '../files/rejected-share.ts';
import { formatCounted } from '../format/numbers.ts';
import { useNow } from '../state/use-now.ts';
import { useStore } from '../state/use-store.ts';
import { isCancellable, isOver, type Upload } from './upload.ts';
import type { UploadQueue } from './upload-queue.ts';
import { uploadText } from './upload-text.ts';
import { cancelUpload, clearUploads, retryUpload, uploads } from './uploads.ts';

/** What was dropped or picked in this tab, and how far each file is. */
export function UploadPanel() {
  const queue = useStore(uploads);
  const now = useNow(1000);
  if (queue.length === 0) return null;
  const over = queue.filter(isOver).length;
  const shown = shownOf(queue);
  return (
    <section class="card" aria-labelledby="uploads-title">
      <div class="card-head">
        <h2 id="uploads-title">
          Your uploads{' '}
          <span class="muted small">
            {over} of {queue.length} finished
          </span>
        </h2>
        <button type="button" class="button quiet" disabled={over === 0} onClick={clearUploads}>
          Clear finished
        </button>
      </div>
      <ul class="upload-list">
        {shown.map((upload) => (
          <UploadRow key={upload.id} upload={upload} now={now} />
        ))}
      </ul>
      {shown.length < queue.length ? (
        <p class="muted small">and {formatCounted(queue.length - shown.length, 'other file')}</p>
      ) : null}
    </section>
  );
}

/** A thousand rows that are drawn at each event would make the page slow: of many, those that are under way are shown. */
const MAX_SHOWN = 200;

function shownOf(queue: UploadQueue): UploadQueue {
  if (queue.length <= MAX_SHOWN) return queue;
  return [...queue.filter((upload) => !isOver(upload)), ...queue.filter(isOver)].slice(0, MAX_SHOWN);
}

function UploadRow({ upload, now }: { readonly upload: Upload; readonly now: number }) {
  const { id, name, state } = upload;
  const { words, share } = uploadText(upload, now);
  return (
    <li class="upload-row">
      <span class="upload-state">
        <Phase upload={upload} />
      </span>
      <span class="upload-name">
        {state.phase === 'taken' ? <a href={`#/files/${state.file.fileId}`}>{state.file.name}</a> : name}
      </span>
      <span class={`upload-words ${state.phase === 'refused' ? 'bad' : 'muted'}`}>{words}</span>
      <span class="upload-actions">
        {isCancellable(upload) ? (
          <button
            type="button"
            class="button quiet icon-only"
            aria-label={`Cancel ${name}`}
            onClick={() => cancelUpload(id)}
          >
            <Icon name="close" />
          </button>
        ) : null}
        {(state.phase === 'refused' && state.remedy !== 'none') || state.phase === 'cancelled' ? (
          <button type="button" class="button" aria-label={`Send ${name} again`} onClick={() => retryUpload(id)}>
            Send again
          </button>
        ) : null}
      </span>
      {share === undefined ? null : (
        <ProgressBar share={share === 'unknown' ? undefined : share} label={`${name}: ${words}`} />
      )}
    </li>
  );
}

function Phase({ upload: { state } }: { readonly upload: Upload }) {
  switch (state.phase) {
    case 'waiting':
      return <Mark icon="clock" words="waiting" tone="calm" />;
    case 'sending':
      return <Mark icon="upload" words="uploading" tone="busy" />;
    case 'pausing':
      return <Mark icon="unplugged" words="interrupted" tone="warn" />;
    case 'refused':
      return <Mark icon="cross" words="not sent" tone="bad" />;
    case 'cancelled':
      return <Mark icon="close" words="cancelled" tone="calm" />;
    case 'taken':
      return <StateBadge status={state.file.status} isDiscarded={isDiscarded(state.file)} />;
  }
}

function Mark(props: { readonly icon: IconName; readonly words: string; readonly tone: string }) {
  return (
    <span class={`badge tone-${props.tone}`}>
      <Icon name={props.icon} />
      {props.words}
    </span>
  );
}
