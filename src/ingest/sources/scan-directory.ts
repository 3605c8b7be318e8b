import { isUtf8 } from 'node:buffer';
import type { BigIntStats, Dirent } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../error-code.ts';
import { isSourceName } from './file-name.ts';

/** A regular file with a name that is to be loaded, as one look at the folder showed it. */
export interface FoundFile {
  readonly name: string;
  readonly path: string;
  readonly stats: BigIntStats;
  /** false where the bytes of the name are no UTF-8: then `name` can be shown, but not opened */
  readonly isNameValid: boolean;
}

/** Looks at one path of the folder; undefined where there is nothing to load. Symbolic links are not followed. */
export async function lookAt(directory: string, name: string): Promise<FoundFile | undefined> {
  if (!isSourceName(name)) return undefined;
  const path = join(directory, name);
  const stats = await lstatIfThere(path);
  return stats?.isFile() === true ? { name, path, stats, isNameValid: true } : undefined;
}

/**
 * Everything in the folder that is to be loaded, one at a time: memory does not grow with the folder.
 * @throws what `opendir` throws where the folder is away
 */
export async function* scanDirectory(directory: string): AsyncGenerator<FoundFile> {
  // Names as bytes: decoded ones with a replacement character could never be opened, and nobody would know why.
  const entries = await opendir(directory, { encoding: 'buffer' as BufferEncoding, bufferSize: 256 });
  for await (const entry of entries) {
    const bytes = (entry as unknown as Dirent<Buffer>).name;
    const isNameValid = isUtf8(bytes);
    const name = isNameValid ? bytes.toString('utf8') : escapeName(bytes);
    if (!isSourceName(name)) continue;
    if (isNameValid) {
      const found = await lookAt(directory, name);
      if (found !== undefined) yield found;
      continue;
    }
    const stats = await lstatIfThere(Buffer.concat([Buffer.from(`${directory}/`), bytes]));
    if (stats?.isFile() === true) yield { name, path: join(directory, name), stats, isNameValid };
  }
}

async function lstatIfThere(path: string | Buffer): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errorCode(error))) return undefined;
    throw error;
  }
}

function escapeName(bytes: Buffer): string {
  return [...bytes].map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`)).join('');
}
