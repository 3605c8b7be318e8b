import { lstat, unlink, writeFile } from 'node:fs/promises';
import { temporaryPath } from './place-file.ts';

/**
 * The time by which a file system dates its files: that of a file made now. The clock of this process may be another one, as
 * may those of other replicas, and what one of them is writing must not look old to another.
 */
export async function fileSystemTime(directory: string): Promise<Date> {
  const probe = temporaryPath(directory);
  await writeFile(probe, '', { flag: 'wx' });
  try {
    return (await lstat(probe)).mtime;
  } finally {
    await unlink(probe);
  }
}
