import { useEffect, useRef } from 'preact/hooks';
import { liveStats } from '../../api/live-stats.ts';
import type { FileStatus } from '../../api/reply-types.ts';
import { STATE_LOOKS } from '../../components/state-badge.tsx';
import { FILE_STATES, stateFrom } from '../../files/file-states.ts';
import { formatCount } from '../../format/numbers.ts';
import { useStore } from '../../state/use-store.ts';

export function SearchBox({ value, onInput }: { readonly value: string; readonly onInput: (text: string) => void }) {
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

export function StatusSelect(props: {
  readonly value: FileStatus | '';
  readonly onChange: (status: FileStatus | '') => void;
}) {
  const counts = useStore(liveStats)?.stats.files;
  return (
    <select
      aria-label="State"
      value={props.value}
      onChange={(event) => props.onChange(stateFrom(event.currentTarget.value))}
    >
      <option value="">all states</option>
      {FILE_STATES.map((state) => (
        <option key={state} value={state}>
          {/* The server counts both as one state. */}
          {state === 'reverted' ? 'taken out or discarded' : STATE_LOOKS[state].words}
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
