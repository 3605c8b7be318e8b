import { constants } from 'node:fs';
import { copyFile, link, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../error-code.ts';
import { namesToTry } from './file-name.ts';

/** Moves a file to a path where none is yet; fails with EEXIST rather than overwrite, unlike a rename. */
export async function moveWithoutOverwriting(from: string, to: string): Promise<void> {
  await linkOrCopy(from, to);
  await unlink(from);
}

/** `moveWithoutOverwriting` to the first free one of the names to try. Returns the new path. */
export async function moveToFreeName(from: string, directory: string, name: string): Promise<string> {
  const path = await linkToFreeName(from, directory, name);
  await unlink(from);
  return path;
}

/**
 * Gives a file a second path: the first free one of the names to try in a folder. Returns that path.
 * @throws Error where all of them are taken
 */
export async function linkToFreeName(from: string, directory: string, name: string): Promise<string> {
  for (const candidate of namesToTry(name)) {
    const path = join(directory, candidate);
    try {
      await linkOrCopy(from, path);
      return path;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
  throw new Error(`${directory} has no free name for ${name}`);
}

/** A hard link never overwrites; where links do not work (other mount, some network file systems), a synced copy. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!LINK_DOES_NOT_WORK.has(errorCode(error))) throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL);
    await syncPath(to);
  }
}

/** Makes a file's bytes, or a folder's entries, survive a power cut. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const LINK_DOES_NOT_WORK: ReadonlySet<string> = new Set([
  'EXDEV',
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EMLINK',
  'ENOSYS',
]);
