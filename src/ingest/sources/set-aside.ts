import { randomUUID } from 'node:crypto';
import { lstat, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '../../error-code.ts';
import { moveToFreeName } from './place-file.ts';
import { fingerprintOf } from './source-file.ts';

const NAME = /^\.sluice-(\d+)-[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** A file has lost its name: it could be neither removed nor given it back. The next look at the folder's asides sees to it. */
export class LeftAsideError extends Error {
  readonly code = 'left_aside';
}

/**
 * Removes the file if its path still holds the version of the fingerprint; says whether it did. Under a name that nobody
 * else uses it can be looked at and removed without losing what a rename puts in its place between the two. Where it
 * can't be removed it gets its name back.
 * @throws what the file system throws; LeftAsideError
 */
export async function removeVersion(file: {
  readonly fileId: number;
  readonly name: string;
  readonly path: string;
  readonly fingerprint: string;
}): Promise<boolean> {
  const directory = dirname(file.path);
  const aside = join(directory, `.sluice-${file.fileId}-${randomUUID()}`);
  await rename(file.path, aside);
  let isRemoved = false;
  try {
    isRemoved = await removeIfSame(aside, file.fingerprint);
  } finally {
    if (!isRemoved) await giveBack(aside, directory, file.name);
  }
  return isRemoved;
}

async function giveBack(aside: string, directory: string, name: string): Promise<void> {
  try {
    await moveToFreeName(aside, directory, name);
  } catch (error) {
    throw new LeftAsideError(`${name} could be neither removed nor given its name back: it is ${aside}`, {
      cause: error,
    });
  }
}

/** The file that was set aside under this name, where it is a name of such; a process may have died with it there. */
export function fileIdOfAside(name: string): number | undefined {
  const fileId = Number(NAME.exec(name)?.[1]);
  return Number.isSafeInteger(fileId) ? fileId : undefined;
}

/** Removes a file that was set aside, if it is the version of the fingerprint. It may be gone: another replica has removed it. */
export async function removeIfSame(aside: string, fingerprint: string): Promise<boolean> {
  try {
    if (fingerprintOf(await lstat(aside, { bigint: true })) !== fingerprint) return false;
    await unlink(aside);
  } catch (error) {
    // Only what is the same is ever removed under such a name.
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  return true;
}
