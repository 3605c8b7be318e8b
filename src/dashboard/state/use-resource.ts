import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, toApiError } from '../api/api-error.ts';
import { keyEntries } from '../api/api-key.ts';
import { liveEvents } from '../api/live-events.ts';
import { delayBeforeAttempt } from '../api/reconnect-delay.ts';

/** What was read from the server. After a failure, and while it is read again, the last good reading stays. */
export interface Resource<T> {
  readonly value: T | undefined;
  readonly error: ApiError | undefined;
  readonly isLoading: boolean;
  reload(): void;
  /** Puts in what a live event or the reply of a change says, without asking again. */
  replace(change: (value: T) => T): void;
}

interface State<T> {
  readonly value: T | undefined;
  readonly error: ApiError | undefined;
  readonly isLoading: boolean;
}

/**
 * Reads something from the server: at once, when `deps` change (the old reading is forgotten), when the key was entered, and
 * when the live connection is back after it was lost, since changes were missed then. What fails for a reason that passes
 * is tried again by itself, after longer and longer pauses.
 */
export function useResource<T>(load: (signal: AbortSignal) => Promise<T>, deps: readonly unknown[]): Resource<T> {
  const [state, setState] = useState<State<T>>({ value: undefined, error: undefined, isLoading: true });
  const latest = useRef(load);
  latest.current = load;
  const running = useRef<AbortController | undefined>(undefined);

  const retry = useRef<{ failures: number; timer: number | undefined }>({ failures: 0, timer: undefined });

  const reload = useCallback(() => {
    running.current?.abort();
    window.clearTimeout(retry.current.timer);
    const controller = new AbortController();
    running.current = controller;
    setState((before) => ({ ...before, isLoading: true }));
    latest.current(controller.signal).then(
      (value) => {
        if (controller.signal.aborted) return;
        retry.current.failures = 0;
        setState({ value, error: undefined, isLoading: false });
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        const problem = toApiError(error);
        setState((before) => ({ ...before, error: problem, isLoading: false }));
        if (!problem.isWorthRepeating) return;
        retry.current.failures += 1;
        retry.current.timer = window.setTimeout(reload, delayBeforeAttempt(retry.current.failures + 1));
      },
    );
  }, []);

  useEffect(() => {
    setState({ value: undefined, error: undefined, isLoading: true });
    reload();
    const ends = [keyEntries.subscribe(reload), liveEvents.onReopened(reload)];
    return () => {
      running.current?.abort();
      window.clearTimeout(retry.current.timer);
      retry.current.failures = 0;
      for (const end of ends) end();
    };
  }, [reload, ...deps]);

  const replace = useCallback((change: (value: T) => T) => {
    setState((before) => (before.value === undefined ? before : { ...before, value: change(before.value) }));
  }, []);

  return { ...state, reload, replace };
}
