import { liveEvents } from '../api/live-events.ts';
import { liveStats } from '../api/live-stats.ts';
import type { Health } from '../api/reply-types.ts';
import { createStore } from '../state/store.ts';

const EVERY_MS = 5000;
const WHILE_AWAY_MS = 1500;
/** By then the first figures should have come. */
const FIRST_AFTER_MS = 2000;

/** What /health says; undefined while nobody had to ask, and while nobody answers. */
export const health = createStore<Health | undefined>(undefined);

/** Asks for as long as the page is seen. Returns the function that ends it. */
export function watchHealth(): () => void {
  const ended = new AbortController();
  let timer: number | undefined;
  const askIn = (ms: number) => {
    window.clearTimeout(timer);
    if (!ended.signal.aborted) timer = window.setTimeout(() => void ask(), ms);
  };
  const ask = async () => {
    if (document.visibilityState === 'visible') health.set(await read(ended.signal));
    askIn(health.get()?.status === 'unavailable' ? WHILE_AWAY_MS : EVERY_MS);
  };
  const onVisible = () => void ask();
  // Figures come out of the database: while they do, there is nothing to ask.
  const endStats = liveStats.subscribe(() => {
    health.set(undefined);
    askIn(EVERY_MS);
  });
  document.addEventListener('visibilitychange', onVisible);
  askIn(FIRST_AFTER_MS);
  return () => {
    ended.abort();
    window.clearTimeout(timer);
    document.removeEventListener('visibilitychange', onVisible);
    endStats();
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
