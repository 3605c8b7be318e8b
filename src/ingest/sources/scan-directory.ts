import { isUtf8 } from 'node:buffer';
import type { BigIntStats, Dirent } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../error-code.ts';
import { isSourceName } from './file-name.ts';

/** Each look takes one of Node's few threads; waiting for one after the other took longer than the looking. */
export const LOOKS_AT_ONCE = 16;

/** A regular file with a name that is to be loaded, as one look at the folder showed it. */
export interface FoundFile {
  readonly name: string;
  readonly path: string;
  readonly stats: BigIntStats;
  /** false where the bytes of the name are no UTF-8: then `name` can be shown, but not opened */
  readonly isNameValid: boolean;
}

/** An entry that is there and can't be looked at: its disk fails, or the folder gives names and nothing more. */
export interface Unseen {
  readonly path: string;
  readonly error: unknown;
}

export type OnUnseen = (entry: Unseen) => void;

/** Why what stands under a name is left alone whatever the name is. */
export type KindRule = 'symbolic_link' | 'directory' | 'not_a_regular_file';

/** The rule by which an entry of the folder is left alone for what it is; undefined for a regular file. */
export function ruleAgainstKind(stats: BigIntStats): KindRule | undefined {
  if (stats.isFile()) return undefined;
  if (stats.isSymbolicLink()) return 'symbolic_link';
  return stats.isDirectory() ? 'directory' : 'not_a_regular_file';
}

/** Looks at one path of the folder; undefined where there is nothing to load. Symbolic links are not followed. */
async function lookAt(directory: string, name: string, onUnseen: OnUnseen): Promise<FoundFile | undefined> {
  if (!isSourceName(name)) return undefined;
  const path = join(directory, name);
  const stats = await lstatIfThere(path, onUnseen);
  return stats !== undefined && ruleAgainstKind(stats) === undefined
    ? { name, path, stats, isNameValid: true }
    : undefined;
}

/** Looks at several paths at once; in their order. */
export async function lookAtAll(
  directory: string,
  names: readonly string[],
  onUnseen: OnUnseen,
): Promise<(FoundFile | undefined)[]> {
  return await Promise.all(names.map((name) => lookAt(directory, name, onUnseen)));
}

/**
 * Everything in the folder that is to be loaded, a few at a time: memory does not grow with the folder. An entry that
 * can't be looked at is passed over, since it must not hide those behind it.
 * @throws what `opendir` throws where the folder is away
 */
export async function* scanDirectory(directory: string, onUnseen: OnUnseen): AsyncGenerator<FoundFile> {
  let names: string[] = [];
  for await (const bytes of entryNames(directory)) {
    if (isUtf8(bytes)) {
      names.push(bytes.toString('utf8'));
      if (names.length < LOOKS_AT_ONCE) continue;
      yield* foundOnes(await lookAtAll(directory, names, onUnseen));
      names = [];
    } else {
      yield* foundOnes([await lookAtUnopenable(directory, bytes, onUnseen)]);
    }
  }
  yield* foundOnes(await lookAtAll(directory, names, onUnseen));
}

/** As bytes: decoded ones with a replacement character could never be opened, and nobody would know why. */
async function* entryNames(directory: string): AsyncGenerator<Buffer> {
  const entries = await opendir(directory, { encoding: 'buffer' as BufferEncoding, bufferSize: 256 });
  for await (const entry of entries) yield (entry as unknown as Dirent<Buffer>).name;
}

async function lookAtUnopenable(directory: string, bytes: Buffer, onUnseen: OnUnseen): Promise<FoundFile | undefined> {
  const name = escapeName(bytes);
  if (!isSourceName(name)) return undefined;
  const stats = await lstatIfThere(Buffer.concat([Buffer.from(`${directory}/`), bytes]), onUnseen);
  return stats !== undefined && ruleAgainstKind(stats) === undefined
    ? { name, path: join(directory, name), stats, isNameValid: false }
    : undefined;
}

function foundOnes(found: readonly (FoundFile | undefined)[]): FoundFile[] {
  return found.filter((file) => file !== undefined);
}

/** Looks at one path, not through a symbolic link; undefined where nothing is there, or where `onUnseen` was told. */
export async function lstatIfThere(path: string | Buffer, onUnseen: OnUnseen): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes(errorCode(error))) onUnseen({ path: String(path), error });
    return undefined;
  }
}

/** As `escapeName` writes it. */
const ESCAPED_BYTE = /\\x([89a-f][\da-f])/;

/** Whether a name that can't be opened is shown like this. */
export function isEscapedName(shownName: string): boolean {
  return ESCAPED_BYTE.test(shownName);
}

/** Looks at the entry that is shown under a name because its bytes are no UTF-8; undefined where there is none. */
export async function lstatUnopenable(
  directory: string,
  shownName: string,
  onUnseen: OnUnseen,
): Promise<BigIntStats | undefined> {
  const parts = shownName.split(ESCAPED_BYTE).map((part, at) => Buffer.from(part, at % 2 === 0 ? 'utf8' : 'hex'));
  const name = Buffer.concat(parts);
  return isUtf8(name) ? undefined : await lstatIfThere(Buffer.concat([Buffer.from(`${directory}/`), name]), onUnseen);
}

function escapeName(bytes: Buffer): string {
  return [...bytes].map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`)).join('');
}
