import { useEffect, useRef } from 'preact/hooks';
import { useLiveEvent } from './use-live-event.ts';
import type { Resource } from './use-resource.ts';

/** What is read here costs the database a look at every event. */
const AT_MOST_EVERY_MS = 5000;

/**
 * Reads again when rows have come or gone: not before the last reading is done, at most every few seconds, and only while
 * somebody looks.
 */
export function useCalmReload({ isLoading, reload }: Pick<Resource<unknown>, 'isLoading' | 'reload'>): void {
  const timer = useRef<number | undefined>(undefined);
  const lastAt = useRef(0);
  const isDue = useRef(false);
  const latest = useRef({ isLoading, reload });
  latest.current = { isLoading, reload };

  const plan = () => {
    if (timer.current !== undefined) return;
    const waitMs = Math.max(0, lastAt.current + AT_MOST_EVERY_MS - Date.now());
    timer.current = window.setTimeout(() => {
      timer.current = undefined;
      isDue.current = document.visibilityState === 'hidden';
      if (isDue.current) return;
      lastAt.current = Date.now();
      if (latest.current.isLoading) plan();
      else latest.current.reload();
    }, waitMs);
  };
  useLiveEvent('file', ({ status }) => {
    // Those that are held have rejects.
    if (status === 'loaded' || status === 'reverted' || status === 'held') plan();
  });
  useEffect(() => {
    const look = () => {
      if (isDue.current && document.visibilityState === 'visible') plan();
    };
    document.addEventListener('visibilitychange', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      window.clearTimeout(timer.current);
    };
  }, []);
}
