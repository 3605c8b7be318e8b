import { createStore } from '../state/store.ts';
import { useStore } from '../state/use-store.ts';

const spoken = createStore('');

/** Has a screen reader say something when it has finished what it says now. */
export function announce(text: string): void {
  // The same words twice are no change to a region; a space that nobody hears makes them one.
  spoken.set(spoken.get() === text ? `${text}\u00a0` : text);
}

export function Announcements() {
  return (
    <div class="visually-hidden" role="status" aria-live="polite">
      {useStore(spoken)}
    </div>
  );
}
