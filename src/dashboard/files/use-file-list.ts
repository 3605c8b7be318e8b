import { useCallback, useEffect, useRef } from 'preact/hooks';
import type { ApiError } from '../api/api-error.ts';
import { listFiles } from '../api/files.ts';
import { liveEvents } from '../api/live-events.ts';
import type { FileReply, Page } from '../api/reply-types.ts';
import { useLiveEvent } from '../state/use-live-event.ts';
import { useResource } from '../state/use-resource.ts';
import { type ListView, MOST_AT_ONCE, PAGE_FILES } from './list-view.ts';
import { LiveChanges } from './live-changes.ts';
import { cutTo, withLiveFiles } from './live-list.ts';
import { useOlderFiles } from './use-older-files.ts';

/** So many may live changes add to those that were asked for; a list that has grown further is read anew. */
const MOST_ADDED = 550;
/** Thousands of small files a second would have the list drawn for each of them. */
const DRAW_EVERY_MS = 200;

export interface FileList {
  readonly files: readonly FileReply[] | undefined;
  readonly error: ApiError | undefined;
  readonly isLoading: boolean;
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  readonly moreError: ApiError | undefined;
  loadMore(): void;
  reload(): void;
}

/**
 * The newest files of a view, kept up to date by live events. `onWanted` is told when older ones were asked for: with a
 * view that wants more, they stay when the list is read anew.
 */
export function useFileList(view: ListView, onWanted: (files: number) => void): FileList {
  const { search, status } = view;
  const wanted = useRef(view.wanted);
  wanted.current = view.wanted;
  /** what was told since the present reading was asked for: it may be older than that */
  const told = useRef(new LiveChanges(MOST_ADDED));
  /** what was told since the list was drawn */
  const waiting = useRef(new LiveChanges(MOST_ADDED));
  /** whether something is missing from the list, or lies between it and its next page */
  const isIncomplete = useRef(false);

  const withChanges = useCallback(
    (page: Page<FileReply>, changes: LiveChanges) => {
      const isOverflown = changes.isOverflown;
      const whole = withLiveFiles(page, changes.take(), { search, status });
      const shown = cutTo(whole, wanted.current + MOST_ADDED);
      if (isOverflown || shown !== whole) isIncomplete.current = true;
      return shown;
    },
    [search, status],
  );

  const list = useResource<Page<FileReply>>(
    async (signal) => {
      told.current.take();
      const limit = Math.min(MOST_AT_ONCE, wanted.current);
      const page = await listFiles({ search, status }, { limit }, signal);
      isIncomplete.current = false;
      return withChanges(page, told.current);
    },
    [search, status],
  );

  const { replace, reload, isLoading } = list;
  useLiveEvent('file', (file) => {
    told.current.add(file);
    waiting.current.add(file);
  });
  useEffect(() => {
    const timer = window.setInterval(() => {
      if (!waiting.current.isEmpty) replace((page) => withChanges(page, waiting.current));
      // While the stream is away this waits: when it is back, the list is read anyway.
      if (isIncomplete.current && !isLoading && liveEvents.connection.get().phase === 'open') reload();
    }, DRAW_EVERY_MS);
    return () => window.clearInterval(timer);
  }, [replace, withChanges, reload, isLoading]);

  const older = useOlderFiles(list, view, () => onWanted(view.wanted + PAGE_FILES));
  return {
    files: list.value?.data,
    error: list.error,
    isLoading,
    hasMore: (list.value?.nextCursor ?? null) !== null,
    isLoadingMore: older.isLoading,
    moreError: older.error,
    loadMore: older.load,
    reload,
  };
}
