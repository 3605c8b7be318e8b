import { liveEvents } from '../api/live-events.ts';
import type { Health } from '../api/reply-types.ts';
import { createStore } from '../state/store.ts';

const EVERY_MS = 5000;
const WHILE_AWAY_MS = 1500;

/** What /health says; undefined until it has answered once, and while nobody answers. */
export const health = createStore<Health | undefined>(undefined);

/** Asks for as long as the page is seen. Returns the function that ends it. */
export function watchHealth(): () => void {
  const ended = new AbortController();
  let timer: number | undefined;
  const ask = async () => {
    window.clearTimeout(timer);
    if (document.visibilityState === 'visible') health.set(await read(ended.signal));
    if (ended.signal.aborted) return;
    timer = window.setTimeout(() => void ask(), health.get()?.status === 'unavailable' ? WHILE_AWAY_MS : EVERY_MS);
  };
  const onVisible = () => void ask();
  document.addEventListener('visibilitychange', onVisible);
  const endReopened = liveEvents.onReopened(onVisible);
  void ask();
  return () => {
    ended.abort();
    window.clearTimeout(timer);
    document.removeEventListener('visibilitychange', onVisible);
    endReopened();
  };
}

/** 503 carries the same body as 200: it is the answer, and no failure of the call. */
async function read(signal: AbortSignal): Promise<Health | undefined> {
  // While the live connection is down nobody would answer, and browsers log each refused call as an error.
  if (liveEvents.connection.get().phase === 'waiting') return undefined;
  try {
    const response = await fetch('health', { signal, cache: 'no-store' });
    return response.ok || response.status === 503 ? ((await response.json()) as Health) : undefined;
  } catch {
    return undefined;
  }
}
