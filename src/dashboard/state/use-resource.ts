import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, toApiError } from '../api/api-error.ts';
import { apiKey } from '../api/api-key.ts';
import { liveEvents } from '../api/live-events.ts';

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
 * when the live connection is back after it was lost, since changes were missed then.
 */
export function useResource<T>(load: (signal: AbortSignal) => Promise<T>, deps: readonly unknown[]): Resource<T> {
  const [state, setState] = useState<State<T>>({ value: undefined, error: undefined, isLoading: true });
  const latest = useRef(load);
  latest.current = load;
  const running = useRef<AbortController | undefined>(undefined);

  const reload = useCallback(() => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setState((before) => ({ ...before, isLoading: true }));
    latest.current(controller.signal).then(
      (value) => {
        if (!controller.signal.aborted) setState({ value, error: undefined, isLoading: false });
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        setState((before) => ({ ...before, error: toApiError(error), isLoading: false }));
      },
    );
  }, []);

  useEffect(() => {
    setState({ value: undefined, error: undefined, isLoading: true });
    reload();
    const ends = [apiKey.subscribe(reload), liveEvents.onReopened(reload)];
    return () => {
      running.current?.abort();
      for (const end of ends) end();
    };
  }, [reload, ...deps]);

  const replace = useCallback((change: (value: T) => T) => {
    setState((before) => (before.value === undefined ? before : { ...before, value: change(before.value) }));
  }, []);

  return { ...state, reload, replace };
}
