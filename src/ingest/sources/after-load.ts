import { lstat, mkdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { AfterLoad } from '../../config.ts';
import type { SourceFileRow } from '../../database/schema.ts';
import { errorCode } from '../../error-code.ts';
import { linkToFreeName } from './place-file.ts';
import { LeftAsideError, removeVersion } from './set-aside.ts';
import { fingerprintOf } from './source-file.ts';

export const ARCHIVE = '.archive';

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
    if (!(await isThere(file))) return;
    switch (options.policy) {
      case 'delete':
        await removeVersion(file);
        break;
      case 'archive':
        await archive(file, options.inputDirectory);
    }
  } catch (error) {
    // Not by the error alone: where the archive is read-only, Node says ENOENT for a folder that it can't make.
    if (errorCode(error) === 'ENOENT' && !(await isThere(file).catch(() => true))) return;
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
  const root = join(inputDirectory, ARCHIVE);
  const directory = join(root, day);
  await mkdir(directory, { recursive: true });
  const copy = await linkToFreeName(file.path, directory, file.name, root);
  try {
    if (await removeVersion(file)) return;
  } catch (error) {
    // A file without its name is hidden; then its copy stays.
    if (!(error instanceof LeftAsideError)) await unlink(copy);
    throw error;
  }
  await unlink(copy);
}

/** Whether the path still has this version: it may be gone, or another one may have taken its name. */
async function isThere({ path, fingerprint }: LoadedFile): Promise<boolean> {
  try {
    return fingerprintOf(await lstat(path, { bigint: true })) === fingerprint;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
