import { useEffect, useRef } from 'preact/hooks';
import type { LiveEventMap } from '../api/live-event-map.ts';
import { liveEvents } from '../api/live-events.ts';

/** Calls the handler, always the latest one, for each live event of this name while the component is there. */
export function useLiveEvent<Name extends keyof LiveEventMap>(
  name: Name,
  handler: (event: LiveEventMap[Name]) => void,
): void {
  const latest = useRef(handler);
  latest.current = handler;
  useEffect(() => liveEvents.on(name, (event) => latest.current(event)), [name]);
}
