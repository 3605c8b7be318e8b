import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '../../error-code.ts';
import { namesToTry } from './file-name.ts';

const TEMPORARY = '.sluice-temporary-';

/** A path, hidden and free, for what does not have its own name yet or never gets one. */
export function temporaryPath(directory: string): string {
  return join(directory, `${TEMPORARY}${randomUUID()}`);
}

export function isTemporary(name: string): boolean {
  return name.startsWith(TEMPORARY);
}

/** Gives a file a second path where none is yet; fails with EEXIST rather than overwrite, unlike a rename. */
export async function linkWithoutOverwriting(from: string, to: string): Promise<void> {
  await linkOrCopy(from, [to], dirname(to));
}

/** Moves a file to the first free one of the names to try. Returns the new path. */
export async function moveToFreeName(from: string, directory: string, name: string): Promise<string> {
  const path = await linkToFreeName(from, directory, name);
  await unlink(from);
  return path;
}

/**
 * Gives a file a second path: the first free one of the names to try in a folder. Returns that path. Where it has to be copied,
 * the copy is made in the folder `copiesIn`, on the same file system.
 * @throws Error with code EEXIST where all of them are taken
 */
export async function linkToFreeName(
  from: string,
  directory: string,
  name: string,
  copiesIn = directory,
): Promise<string> {
  return await linkOrCopy(
    from,
    [...namesToTry(name)].map((candidate) => join(directory, candidate)),
    copiesIn,
  );
}

/**
 * Puts a file at the first path that is free. A hard link never overwrites; where links do not work (other mount, some
 * network file systems), it is a synced copy, which has its name only once it is whole: a full disk or a crash in the
 * middle must not leave a piece that looks like the file.
 */
async function linkOrCopy(from: string, paths: readonly string[], copiesIn: string): Promise<string> {
  let copy: string | undefined;
  let taken: unknown;
  try {
    for (const path of paths) {
      try {
        if (copy === undefined && (await isLinked(from, path))) return path;
        copy ??= await copyTo(copiesIn, from);
        if (!(await isLinked(copy, path))) await renameWithoutOverwriting(copy, path);
        return path;
      } catch (error) {
        if (errorCode(error) !== 'EEXIST') throw error;
        taken = error;
      }
    }
    throw taken;
  } finally {
    if (copy !== undefined) await unlink(copy).catch(() => {});
  }
}

/** False where links do not work. */
async function isLinked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (LINK_DOES_NOT_WORK.has(errorCode(error))) return false;
    throw error;
  }
}

async function copyTo(directory: string, from: string): Promise<string> {
  const copy = temporaryPath(directory);
  try {
    await copyFile(from, copy, constants.COPYFILE_EXCL);
    await syncPath(copy);
    return copy;
  } catch (error) {
    await unlink(copy).catch(() => {});
    throw error;
  }
}

/** An empty file takes the name for the moment in between. */
async function renameWithoutOverwriting(from: string, to: string): Promise<void> {
  await (await open(to, 'wx')).close();
  try {
    await rename(from, to);
  } catch (error) {
    await unlink(to);
    throw error;
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
