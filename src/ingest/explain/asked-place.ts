import { basename, dirname, isAbsolute, resolve } from 'node:path';

/** A path that somebody asks about, and whether it lies directly in the watched folder: only there anything is looked at. */
export interface AskedPlace {
  /** absolute, in the words of the ledger */
  readonly path: string;
  readonly name: string;
  readonly isInFolder: boolean;
}

export interface WatchedFolder {
  /** without symbolic links, as in the ledger */
  readonly directory: string;
  /** as it is configured, which may lead there through links */
  readonly configured: string;
}

/**
 * Where a path leads, by its letters alone: to follow its links, things outside of the folder would have to be looked at, and
 * the answer would tell strangers which files this machine has. A relative one begins at the folder.
 */
export function placeOf(asked: string, { directory, configured }: WatchedFolder): AskedPlace {
  const path = isAbsolute(asked) ? resolve(asked) : resolve(directory, asked);
  const name = basename(path);
  const isInFolder = path !== '/' && [directory, resolve(configured)].includes(dirname(path));
  return { path: isInFolder ? resolve(directory, name) : path, name, isInFolder };
}

/** Whether a name is one that a file of a folder can have: with anything else in it, it would lead elsewhere. */
export function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name);
}
