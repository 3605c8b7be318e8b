import type { FileFilter, FileReply, Page } from '../api/reply-types.ts';

/** Whether the server would list this file under the filter. */
export function matches({ name, status }: FileReply, filter: FileFilter): boolean {
  const isState = filter.status === '' || filter.status === status;
  return isState && name.toLowerCase().includes(filter.search.trim().toLowerCase());
}

/**
 * The list after some files have changed: what no longer matches is gone, what is new stands on top. A file that belongs
 * behind the last one that was read is left to the reading of the next page.
 */
export function withLiveFiles(
  page: Page<FileReply>,
  changed: Iterable<FileReply>,
  filter: FileFilter,
): Page<FileReply> {
  const byId = new Map(page.data.map((file) => [file.fileId, file]));
  const oldest = page.nextCursor === null ? 0 : (page.data.at(-1)?.fileId ?? 0);
  for (const file of changed) {
    if (!matches(file, filter)) byId.delete(file.fileId);
    else if (file.fileId >= oldest) byId.set(file.fileId, file);
  }
  return { data: newestFirst(byId.values()), nextCursor: page.nextCursor };
}

/**
 * The newest of a list that has grown beyond `most`. What is cut off lies between the list and its next page, so the caller
 * has to read the list anew before it goes on.
 */
export function cutTo(page: Page<FileReply>, most: number): Page<FileReply> {
  return page.data.length <= most ? page : { ...page, data: page.data.slice(0, most) };
}

/** The list with its next page. */
export function merged(before: Page<FileReply>, next: Page<FileReply>): Page<FileReply> {
  const byId = new Map([...next.data, ...before.data].map((file) => [file.fileId, file]));
  return { data: newestFirst(byId.values()), nextCursor: next.nextCursor };
}

function newestFirst(files: Iterable<FileReply>): readonly FileReply[] {
  return [...files].sort((one, other) => other.fileId - one.fileId);
}
