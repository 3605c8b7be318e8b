import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, toApiError } from '../api/api-error.ts';
import { listFiles } from '../api/files.ts';
import { liveEvents } from '../api/live-events.ts';
import type { FileFilter, FileReply, Page } from '../api/reply-types.ts';
import { useLiveEvent } from '../state/use-live-event.ts';
import { useResource } from '../state/use-resource.ts';
import { merged, withLiveFiles } from './live-list.ts';

const PAGE_FILES = 50;
/** A list that grew beyond this by live changes begins anew with its newest page. */
const MAX_FILES = 600;
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

/** The newest files that match a filter, kept up to date by live events. */
export function useFileList(filter: FileFilter): FileList {
  const { search, status } = filter;
  /** what was told since the present reading was asked for: it may be older than that */
  const told = useRef(new Map<number, FileReply>());
  const [more, setMore] = useState<{ readonly isLoading: boolean; readonly error: ApiError | undefined }>(IDLE);

  const list = useResource<Page<FileReply>>(
    async (signal) => {
      told.current.clear();
      const page = await listFiles({ search, status }, { limit: PAGE_FILES }, signal);
      return withLiveFiles(page, told.current.values(), { search, status });
    },
    [search, status],
  );

  const waiting = useRef(new Map<number, FileReply>());
  const { replace, reload } = list;
  const draw = useCallback(() => {
    const files = [...waiting.current.values()];
    waiting.current.clear();
    replace((page) => withLiveFiles(page, files, { search, status }));
  }, [replace, search, status]);

  useLiveEvent('file', (file) => {
    told.current.set(file.fileId, file);
    if (told.current.size > 2 * MAX_FILES) told.current.clear();
    waiting.current.set(file.fileId, file);
  });
  useEffect(() => {
    const timer = window.setInterval(() => {
      if (waiting.current.size > 0) draw();
    }, DRAW_EVERY_MS);
    return () => window.clearInterval(timer);
  }, [draw]);

  const files = list.value?.data;
  const isTooLong = (files?.length ?? 0) > MAX_FILES && !more.isLoading;
  useEffect(() => {
    if (isTooLong && liveEvents.connection.get().phase === 'open') reload();
  }, [isTooLong, reload]);

  const cursor = list.value?.nextCursor ?? null;
  const loadMore = () => {
    if (cursor === null || more.isLoading) return;
    setMore({ isLoading: true, error: undefined });
    listFiles({ search, status }, { limit: PAGE_FILES, cursor }).then(
      (page) => {
        replace((before) => (before.nextCursor === cursor ? merged(before, page) : before));
        setMore(IDLE);
      },
      (error: unknown) => setMore({ isLoading: false, error: toApiError(error) }),
    );
  };

  return {
    files,
    error: list.error,
    isLoading: list.isLoading,
    hasMore: cursor !== null,
    isLoadingMore: more.isLoading,
    moreError: more.error,
    loadMore,
    reload,
  };
}

const IDLE = { isLoading: false, error: undefined } as const;
