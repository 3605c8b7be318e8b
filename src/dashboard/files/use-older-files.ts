import { useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, toApiError } from '../api/api-error.ts';
import { listFiles } from '../api/files.ts';
import type { FileFilter, FileReply, Page } from '../api/reply-types.ts';
import type { Resource } from '../state/use-resource.ts';
import { PAGE_FILES } from './list-view.ts';
import { merged } from './live-list.ts';

export interface OlderFiles {
  readonly isLoading: boolean;
  readonly error: ApiError | undefined;
  load(): void;
}

const IDLE = { isLoading: false, error: undefined } as const;

/** Adds the next page to a list. A page that was asked for under another filter, and its failure, are forgotten with it. */
export function useOlderFiles(
  { value, replace }: Resource<Page<FileReply>>,
  { search, status }: FileFilter,
  onLoaded: () => void,
): OlderFiles {
  const [state, setState] = useState<Pick<OlderFiles, 'isLoading' | 'error'>>(IDLE);
  const running = useRef<AbortController | undefined>(undefined);
  useEffect(
    () => () => {
      running.current?.abort();
      setState(IDLE);
    },
    [search, status],
  );
  const cursor = value?.nextCursor ?? null;
  const load = () => {
    if (cursor === null || state.isLoading) return;
    const controller = new AbortController();
    running.current = controller;
    const { signal } = controller;
    setState({ isLoading: true, error: undefined });
    listFiles({ search, status }, { limit: PAGE_FILES, cursor }, signal).then(
      (page) => {
        if (signal.aborted) return;
        replace((before) => (before.nextCursor === cursor ? merged(before, page) : before));
        setState(IDLE);
        onLoaded();
      },
      (error: unknown) => {
        if (!signal.aborted) setState({ isLoading: false, error: toApiError(error) });
      },
    );
  };
  return { ...state, load };
}
