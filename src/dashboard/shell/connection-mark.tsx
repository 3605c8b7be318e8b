import type { Connection } from '../api/connection.ts';
import { liveEvents } from '../api/live-events.ts';
import { useStore } from '../state/use-store.ts';

const WORDS = {
  connecting: 'Connecting',
  open: 'Live',
  waiting: 'Disconnected',
  resting: 'Resting',
  locked: 'Locked',
} as const satisfies Record<Connection['phase'], string>;

/** Whether what is seen is kept up to date; the banner says more where it is not. */
export function ConnectionMark() {
  const { phase } = useStore(liveEvents.connection);
  return (
    <span class={`connection-mark ${phase}`}>
      <span class="dot" aria-hidden="true" />
      <span class="connection-words">{WORDS[phase]}</span>
    </span>
  );
}
