import { useEffect, useRef, useState } from 'preact/hooks';
import { liveStats } from '../../api/live-stats.ts';
import type { FileStatus } from '../../api/reply-types.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { STATE_LOOKS } from '../../components/state-badge.tsx';
import { useFileList } from '../../files/use-file-list.ts';
import { formatCount } from '../../format/numbers.ts';
import { useDebounced } from '../../state/use-debounced.ts';
import { useStore } from '../../state/use-store.ts';
import { ExplainFile } from './explain-file.tsx';
import { FileRows } from './file-rows.tsx';
import { FirstSteps } from './first-steps.tsx';

const TYPING_RESTS_MS = 250;
/** As they follow on each other in the life of a file. */
const STATES = [
  'queued',
  'loading',
  'loaded',
  'failed',
  'held',
  'duplicate',
  'reverted',
] as const satisfies readonly FileStatus[];

export function FileSection({ onAdd }: { readonly onAdd: () => void }) {
  const [typed, setTyped] = useState('');
  const [status, setStatus] = useState<FileStatus | ''>('');
  const search = useDebounced(typed.trim(), TYPING_RESTS_MS);
  const list = useFileList({ search, status });
  const isFiltered = search !== '' || status !== '';
  const clear = () => {
    setTyped('');
    setStatus('');
  };
  return (
    <section class="card files" aria-labelledby="files-title">
      <div class="card-head">
        <h2 id="files-title">All files</h2>
        <search class="filters" aria-label="Files">
          <SearchBox value={typed} onInput={setTyped} />
          <StatusSelect value={status} onChange={setStatus} />
        </search>
      </div>
      {list.error === undefined ? null : <ErrorState error={list.error} onRetry={list.reload} />}
      {list.files === undefined ? (
        list.error === undefined && <Skeleton lines={6} label="Loading the files" />
      ) : list.files.length > 0 ? (
        <FileRows files={list.files} />
      ) : isFiltered ? (
        <EmptyState icon="search" title="No file matches">
          <button type="button" class="button" onClick={clear}>
            Show all files
          </button>{' '}
          {search === '' ? null : <ExplainFile key={search} asked={search} />}
        </EmptyState>
      ) : (
        <FirstSteps onAdd={onAdd} />
      )}
      {list.moreError === undefined ? null : <ErrorState error={list.moreError} onRetry={list.loadMore} />}
      {list.hasMore && list.moreError === undefined ? (
        <div class="more">
          <button type="button" class="button" disabled={list.isLoadingMore} onClick={list.loadMore}>
            {list.isLoadingMore ? 'Loading …' : 'Show older files'}
          </button>
        </div>
      ) : null}
    </section>
  );
}

function SearchBox({ value, onInput }: { readonly value: string; readonly onInput: (text: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector('dialog[open]') !== null) return;
      event.preventDefault();
      input.current?.focus();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  return (
    <input
      ref={input}
      type="search"
      aria-label="Search by name"
      aria-keyshortcuts="/"
      placeholder="Search by name ( / )"
      maxLength={255}
      value={value}
      onInput={(event) => onInput(event.currentTarget.value)}
    />
  );
}

function StatusSelect(props: {
  readonly value: FileStatus | '';
  readonly onChange: (status: FileStatus | '') => void;
}) {
  const counts = useStore(liveStats)?.stats.files;
  return (
    <select
      aria-label="State"
      value={props.value}
      onChange={(event) => props.onChange(STATES.find((state) => state === event.currentTarget.value) ?? '')}
    >
      <option value="">all states</option>
      {STATES.map((state) => (
        <option key={state} value={state}>
          {STATE_LOOKS[state].words}
          {counts === undefined ? '' : ` (${formatCount(counts[state])})`}
        </option>
      ))}
    </select>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|SELECT|TEXTAREA)$/.test(target.tagName))
  );
}
