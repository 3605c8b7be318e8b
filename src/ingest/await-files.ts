import type { Queryable } from '../database/client.ts';
import { isDatabaseAway } from '../database/database-error.ts';
import type { SourceFileRow } from '../database/schema.ts';
import { type FileEvents, isTerminal } from './file-events.ts';
import { findFiles } from './ledger/find-files.ts';

/** Files may be loaded by another replica, of which this process hears nothing. */
const POLL_MS = 500;

/**
 * Waits until all files have reached an end, at most `timeoutMs`, and returns them as they are then, in the order asked.
 * `signal` ends the wait early, for a client that has gone.
 */
export async function awaitFiles(
  database: Queryable,
  events: FileEvents,
  files: readonly SourceFileRow[],
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<SourceFileRow[]> {
  const current = new Map(files.map((file) => [file.fileId, file]));
  const open = () => [...current.values()].filter((file) => !isTerminal(file)).map(({ fileId }) => fileId);
  let wake = () => {};
  const unsubscribe = events.onFile((file) => {
    if (!current.has(file.fileId)) return;
    current.set(file.fileId, file);
    wake();
  });
  const deadline = performance.now() + options.timeoutMs;
  options.signal?.addEventListener('abort', () => wake(), { once: true });
  try {
    while (open().length > 0 && performance.now() < deadline && options.signal?.aborted !== true) {
      const isTimeUp = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(true), Math.min(POLL_MS, Math.max(0, deadline - performance.now())));
        wake = () => {
          clearTimeout(timer);
          resolve(false);
        };
      });
      if (!isTimeUp) continue;
      for (const file of await findIfThere(database, open())) current.set(file.fileId, file);
    }
  } finally {
    unsubscribe();
  }
  return files.map((file) => current.get(file.fileId) ?? file);
}

/** The files are in the ledger whatever happens to the database now: while it is away the wait goes on. */
async function findIfThere(database: Queryable, fileIds: readonly number[]): Promise<SourceFileRow[]> {
  try {
    return await findFiles(database, fileIds);
  } catch (error) {
    if (isDatabaseAway(error)) return [];
    throw error;
  }
}
