import { lstat } from 'node:fs/promises';
import { errorCode } from '../../error-code.ts';
import { type NameRule, ruleAgainstName } from '../sources/file-name.ts';
import {
  type KindRule,
  lstatIfThere,
  lstatUnopenable,
  ruleAgainstKind,
  type Unseen,
} from '../sources/scan-directory.ts';
import { fingerprintOf } from '../sources/source-file.ts';
import type { WatchedDirectory } from '../sources/watched-directory.ts';
import type { AskedPlace } from './asked-place.ts';

export type IgnoreRule = KindRule | NameRule;

/** What one look at the watched folder shows of a path. */
export type FolderLook =
  /** it lies elsewhere, where nothing is looked at */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'absent' }
  /** the folder, or this entry of it, can't be looked at; `code` as the system says it */
  | { readonly kind: 'unseen'; readonly code: string }
  | { readonly kind: 'ignored'; readonly rule: IgnoreRule }
  | { readonly kind: 'file'; readonly fingerprint: string; readonly unchangedMs: number };

/** Looks at a path as the watcher does, if it lies directly in the folder. Links are not followed. */
export async function lookInFolder(
  place: AskedPlace,
  watcher: Pick<WatchedDirectory, 'directory' | 'unchangedMs'>,
): Promise<FolderLook> {
  if (!place.isInFolder) return { kind: 'elsewhere' };
  const { path, name } = place;
  let unseen: unknown;
  const onUnseen = ({ error }: Unseen) => {
    unseen = error;
  };
  const stats = (await lstatIfThere(path, onUnseen)) ?? (await lstatUnopenable(watcher.directory, name, onUnseen));
  // No file has such a name.
  if (unseen !== undefined && errorCode(unseen) !== 'ENAMETOOLONG') return { kind: 'unseen', code: errorCode(unseen) };
  if (stats === undefined) return await lookAtFolder(watcher.directory);
  // The kind first: to rename a folder or a link would not help.
  const rule = ruleAgainstKind(stats) ?? ruleAgainstName(name);
  if (rule !== undefined) return { kind: 'ignored', rule };
  return { kind: 'file', fingerprint: fingerprintOf(stats), unchangedMs: watcher.unchangedMs({ path, stats }) };
}

/** In a folder that is away, a file is not known to be absent. */
async function lookAtFolder(directory: string): Promise<FolderLook> {
  try {
    return (await lstat(directory)).isDirectory() ? { kind: 'absent' } : { kind: 'unseen', code: 'ENOTDIR' };
  } catch (error) {
    return { kind: 'unseen', code: errorCode(error) };
  }
}
