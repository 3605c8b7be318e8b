import { createStore } from '../state/store.ts';
import { callJson } from './client.ts';
import { liveEvents } from './live-events.ts';
import type { Stats } from './reply-types.ts';
import { type StatsSample, withStatsSample } from './stats-history.ts';

export interface LiveStats {
  readonly stats: Stats;
  /** when it came, ms since 1970 by this machine's clock */
  readonly at: number;
}

const SAMPLE_EVERY_MS = 1000;

/** The latest figures; undefined until the first came. */
export const liveStats = createStore<LiveStats | undefined>(undefined);
/** The last minutes of them, a sample a second, oldest first; it goes on while other pages are looked at. */
export const statsHistory = createStore<readonly StatsSample[]>([]);

/** Returns the function that ends it. */
export function watchStats(): () => void {
  const end = liveEvents.on('stats', (stats) => liveStats.set({ stats, at: Date.now() }));
  // The server sends figures when they change; for those who have just come it may be long until then.
  // Where the stream is refused, as to the hundred-and-first listener, each attempt is the time to ask for them.
  const endReopened = liveEvents.connection.subscribe((connection) => {
    const isRefused = connection.phase === 'waiting' && connection.refusal !== undefined;
    if (connection.phase !== 'open' && !isRefused) return;
    callJson<Stats>('ingestion/stats').then(
      (stats) => liveStats.set({ stats, at: Date.now() }),
      () => {
        // The banner says why, and the stream brings them later.
      },
    );
  });
  const timer = window.setInterval(() => {
    const latest = liveStats.get();
    // A gap in the plot tells that nothing is known of that time.
    if (latest === undefined || liveEvents.connection.get().phase !== 'open') return;
    statsHistory.set(withStatsSample(statsHistory.get(), latest, Date.now()));
  }, SAMPLE_EVERY_MS);
  return () => {
    window.clearInterval(timer);
    end();
    endReopened();
  };
}
