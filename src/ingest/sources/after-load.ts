import { randomUUID } from 'node:crypto';
import { lstat, mkdir, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Logger } from 'pino';
import type { AfterLoad } from '../../config.ts';
import type { SourceFileRow } from '../../database/schema.ts';
import { errorCode } from '../../error-code.ts';
import { linkToFreeName, moveToFreeName } from './place-file.ts';
import { fingerprintOf } from './source-file.ts';

const ARCHIVE = '.archive';

type LoadedFile = Pick<SourceFileRow, 'fileId' | 'name' | 'path' | 'origin' | 'fingerprint'>;

/**
 * Keeps, archives or deletes a file whose rows are committed. Only the very version that the ledger names is touched.
 * A failure is logged and changes nothing about the load; the next scan of the folder tries once more, then the next
 * start: a folder that refuses it for good would fill the log otherwise.
 */
export async function disposeLoadedFile(
  file: LoadedFile,
  options: { readonly policy: AfterLoad; readonly inputDirectory: string; readonly log: Logger },
): Promise<void> {
  if (options.policy === 'keep' || file.origin === 'cli') return;
  try {
    const stats = await lstat(file.path, { bigint: true });
    if (fingerprintOf(stats) !== file.fingerprint) return;
    switch (options.policy) {
      case 'delete':
        await removeVersion(file);
        break;
      case 'archive':
        await archive(file, options.inputDirectory);
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    options.log.warn(
      { err: error, fileId: file.fileId, path: file.path },
      `the loaded file could not be ${options.policy}d; its rows stay loaded`,
    );
  }
}

/**
 * Moves a file to `.archive/YYYY-MM-DD/`, under a free name: an earlier file of that name is never overwritten.
 * First it is in both places: a crash in between leaves a file to put away again, and none in neither.
 */
async function archive(file: LoadedFile, inputDirectory: string): Promise<void> {
  const day = new Date().toISOString().slice(0, 10);
  const directory = join(inputDirectory, ARCHIVE, day);
  await mkdir(directory, { recursive: true });
  const copy = await linkToFreeName(file.path, directory, file.name);
  let isRemoved = false;
  try {
    isRemoved = await removeVersion(file);
  } finally {
    if (!isRemoved) await unlink(copy);
  }
}

/**
 * Removes the file if its path still holds the version that was loaded; says whether it did. Under a name that nobody
 * else uses it can be looked at and removed without losing what a rename puts in its place between the two.
 */
async function removeVersion(file: LoadedFile): Promise<boolean> {
  const directory = dirname(file.path);
  const aside = join(directory, `.sluice-${file.fileId}-${randomUUID()}`);
  await rename(file.path, aside);
  if (fingerprintOf(await lstat(aside, { bigint: true })) === file.fingerprint) {
    await unlink(aside);
    return true;
  }
  await moveToFreeName(aside, directory, file.name);
  return false;
}
