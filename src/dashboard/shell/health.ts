import { liveEvents } from '../api/live-events.ts';
import { liveStats } from '../api/live-stats.ts';
import type { Health } from '../api/reply-types.ts';
import { createStore } from '../state/store.ts';

const EVERY_MS = 5000;
const WHILE_AWAY_MS = 1500;
/** The server itself gives the database less. Of one that hangs nobody would ever ask again. */
const ANSWER_WITHIN_MS = 10_000;
/** By then the first figures should have come. */
const FIRST_AFTER_MS = 2000;

/** What /health says; undefined while nobody had to ask, and while nobody answers. */
export const health = createStore<Health | undefined>(undefined);

/** Asks for as long as the page is seen. Returns the function that ends it. */
export function watchHealth(): () => void {
  let isEnded = false;
  let timer: number | undefined;
  const askIn = (ms: number) => {
    window.clearTimeout(timer);
    if (!isEnded) timer = window.setTimeout(() => void ask(), ms);
  };
  const ask = async () => {
    if (document.visibilityState === 'visible') health.set(await read());
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
    isEnded = true;
    window.clearTimeout(timer);
    document.removeEventListener('visibilitychange', onVisible);
    endStats();
  };
}

/** 503 carries the same body as 200: it is the answer, and no failure of the call. */
async function read(): Promise<Health | undefined> {
  const connection = liveEvents.connection.get();
  // While the live connection is down nobody would answer, and browsers log each refused call as an error.
  if (connection.phase === 'waiting' && connection.refusal === undefined) return undefined;
  const tooLong = new AbortController();
  const timer = window.setTimeout(() => tooLong.abort(), ANSWER_WITHIN_MS);
  try {
    const response = await fetch('health', { signal: tooLong.signal, cache: 'no-store' });
    return response.ok || response.status === 503 ? ((await response.json()) as Health) : undefined;
  } catch {
    return undefined;
  } finally {
    window.clearTimeout(timer);
  }
}
