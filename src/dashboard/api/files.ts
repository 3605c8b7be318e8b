import { callJson } from './client.ts';
import type { FileFilter, FileReply, Page } from './reply-types.ts';

export function listFiles(
  { search, status }: FileFilter,
  page: { readonly limit: number; readonly cursor?: string },
  signal?: AbortSignal,
): Promise<Page<FileReply>> {
  return callJson('ingestion/files', {
    query: { search, status, limit: page.limit, cursor: page.cursor },
    ...(signal === undefined ? {} : { signal }),
  });
}

export function readFile(fileId: number, signal?: AbortSignal): Promise<FileReply> {
  return callJson(`ingestion/files/${fileId}`, signal === undefined ? {} : { signal });
}
