import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Queryable } from '../../database/client.ts';
import type { SourceFileRow } from '../../database/schema.ts';
import { errorCode } from '../../error-code.ts';
import { findFiles } from '../ledger/find-files.ts';
import { fileSystemTime } from './file-system-time.ts';
import { moveToFreeName } from './place-file.ts';
import { fileIdOfAside, removeIfSame } from './set-aside.ts';

/** A replica that works on a file which it has set aside is done with it in milliseconds. */
const ABANDONED_AFTER_MS = 10_000;

/**
 * Finishes with the files that a process had set aside when it died. The version whose rows the ledger has is removed, as that
 * process was about to do, and if one that lives does the same, nothing is lost. What else it is, is nobody's rows
 * yet: it gets its name back, to be loaded.
 */
export async function settleAbandonedAsides(options: {
  readonly database: Queryable;
  readonly directory: string;
  readonly log: Logger;
  readonly abandonedAfterMs?: number;
}): Promise<void> {
  const { database, directory, log, abandonedAfterMs = ABANDONED_AFTER_MS } = options;
  const asides: { readonly fileId: number; readonly path: string }[] = [];
  // One by one: there may be any number of other files.
  for await (const { name } of await opendir(directory)) {
    const fileId = fileIdOfAside(name);
    if (fileId !== undefined) asides.push({ fileId, path: join(directory, name) });
  }
  if (asides.length === 0) return;
  const now = await fileSystemTime(directory);
  const files = await findFiles(
    database,
    asides.map(({ fileId }) => fileId),
  );
  for (const { fileId, path } of asides) {
    try {
      const file = files.find((each) => each.fileId === fileId);
      if (file !== undefined && wasLoaded(file) && (await removeIfSame(path, file.fingerprint))) {
        log.info({ fileId, path }, 'removed a loaded file that an earlier process had begun to put away');
        continue;
      }
      // A rename changes this time, so it says since when the file has had this name.
      const { ctimeMs } = await lstat(path);
      if (now.getTime() - ctimeMs < abandonedAfterMs) continue;
      const restored = await moveToFreeName(path, directory, file?.name ?? `restored-${fileId}.csv`);
      log.warn({ fileId, path: restored }, 'an earlier process had set this file aside; it is back to be loaded');
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') log.warn({ err: error, path }, 'a file that was set aside is still there');
    }
  }
}

/** Whether a file of these bytes was loaded, this one or its original: only then is it put away. Its rows may be out again. */
function wasLoaded({ status }: SourceFileRow): boolean {
  return status === 'loaded' || status === 'duplicate' || status === 'reverted';
}
