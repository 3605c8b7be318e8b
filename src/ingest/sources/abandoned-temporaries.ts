import { lstat, opendir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ARCHIVE } from './after-load.ts';
import { fileSystemTime } from './file-system-time.ts';
import { isTemporary } from './place-file.ts';

/** A copy that is under way changes all the time. */
const ABANDONED_AFTER_MS = 15 * 60_000;

/** Removes what a process that died has left without a name: a copy to another file system, say. */
export async function removeAbandonedTemporaries(directory: string): Promise<void> {
  for (const folder of [directory, join(directory, ARCHIVE)]) {
    const paths = await temporariesIn(folder);
    if (paths.length === 0) continue;
    const now = await fileSystemTime(folder);
    for (const path of paths) {
      // Another replica may have done so in between.
      const stats = await lstat(path).catch(() => undefined);
      if (stats !== undefined && now.getTime() - stats.mtimeMs > ABANDONED_AFTER_MS) await unlink(path).catch(() => {});
    }
  }
}

async function temporariesIn(folder: string): Promise<string[]> {
  const paths: string[] = [];
  try {
    for await (const { name } of await opendir(folder)) if (isTemporary(name)) paths.push(join(folder, name));
  } catch {
    // Nothing has been archived yet, or the folder is away.
  }
  return paths;
}
