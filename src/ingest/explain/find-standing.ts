import { join } from 'node:path';
import type { Queryable } from '../../database/client.ts';
import type { SourceFileRow } from '../../database/schema.ts';
import { countBefore } from '../ledger/claim-files.ts';
import { findKnownVersion, findLikelyTwin, listVersions, type StandingVersion } from '../ledger/file-versions.ts';
import { findFiles } from '../ledger/find-files.ts';
import { findLoadedContents } from '../ledger/loaded-contents.ts';
import type { WatchedDirectory } from '../sources/watched-directory.ts';
import { type AskedPlace, placeOf } from './asked-place.ts';
import { type FolderLook, lookInFolder } from './folder-look.ts';
import { findNearNames } from './near-names.ts';

const MOST_OTHER_VERSIONS = 10;

/** What the ledger has of a file that somebody asks about. */
export interface KnownFile {
  readonly version: StandingVersion;
  /** the folder holds something else under this path than what was registered */
  readonly isChangedSince: boolean;
  /** its path still leads to what was registered, as far as the folder shows: of a path elsewhere nobody knows better */
  readonly isThere: boolean;
  /** how many files are claimed before it; null where it does not wait */
  readonly queuedBehind: number | null;
  /** of a duplicate the file that has its rows; of one that was put back the file that it probably waits for */
  readonly twin: SourceFileRow | undefined;
  /** of one whose rows were taken out, or whose twin's were: the file as which its bytes are loaded again, if they are */
  readonly loadedAs: SourceFileRow | undefined;
}

/** How a file stands: in the folder, and in the ledger. */
export interface Standing {
  readonly path: string;
  readonly name: string;
  readonly look: FolderLook;
  readonly known: KnownFile | undefined;
  /** of the same path or name, newest first, at most 10 */
  readonly otherVersions: readonly SourceFileRow[];
  /** where nothing is known of it: names that may have been meant */
  readonly nearNames: readonly string[];
}

export interface StandingContext {
  readonly database: Queryable;
  readonly watcher: Pick<WatchedDirectory, 'directory' | 'unchangedMs'>;
  /** the watched folder as it is configured */
  readonly configured: string;
}

/**
 * Finds out how the file of a path, or of a name, stands; `name` has to be plain.
 * A name is that of the folder's file, if the folder has or had one; else of the newest in the ledger, which a command loaded.
 * @throws what the database throws
 */
export async function findStanding(
  asked: { readonly path: string } | { readonly name: string },
  { database, watcher, configured }: StandingContext,
): Promise<Standing> {
  const { directory } = watcher;
  const limit = MOST_OTHER_VERSIONS + 1;
  async function lookAt(path: string): Promise<Look> {
    const place = placeOf(path, { directory, configured });
    // Before the ledger: what is registered between the two is found there, and what is put away is not taken for unknown.
    const look = await lookInFolder(place, watcher);
    return { place, look, versions: await listVersions(database, { path: place.path }, limit) };
  }
  const inFolder = await lookAt('path' in asked ? asked.path : join(directory, asked.name));
  const named = 'name' in asked ? await listVersions(database, asked, limit) : undefined;
  const elsewhere = isUnknown(inFolder) ? named?.[0]?.path : undefined;
  const { place, look, versions } = elsewhere === undefined ? inFolder : await lookAt(elsewhere);
  const version = await currentVersion(database, place.path, look, versions);
  const others = (named ?? versions).filter(({ fileId }) => fileId !== version?.fileId);
  const mayBeMistyped = version === undefined && look.kind === 'absent';
  return {
    path: place.path,
    name: version?.name ?? place.name,
    look,
    known: version && (await knownFile(database, version, look)),
    otherVersions: others.slice(0, MOST_OTHER_VERSIONS),
    nearNames: mayBeMistyped ? await findNearNames(database, directory, place.name) : [],
  };
}

interface Look {
  readonly place: AskedPlace;
  readonly look: FolderLook;
  /** newest first */
  readonly versions: readonly StandingVersion[];
}

/** Neither the folder nor the ledger has anything under this path. */
function isUnknown({ look, versions }: Look): boolean {
  return versions.length === 0 && (look.kind === 'absent' || look.kind === 'unseen');
}

/** The row by which a scan goes, else the newest one. */
async function currentVersion(
  database: Queryable,
  path: string,
  look: FolderLook,
  versions: readonly StandingVersion[],
): Promise<StandingVersion | undefined> {
  const fingerprint = look.kind === 'file' ? look.fingerprint : undefined;
  const known = versions.length === 0 ? undefined : await findKnownVersion(database, path, fingerprint);
  return known ?? versions[0];
}

async function knownFile(database: Queryable, version: StandingVersion, look: FolderLook): Promise<KnownFile> {
  const { status, attempts, duplicateOf } = version;
  const isQueued = status === 'queued';
  const [original] = duplicateOf === null ? [] : await findFiles(database, [duplicateOf]);
  const isFile = look.kind === 'file';
  const isSame = isFile && look.fingerprint === version.fingerprint;
  const isTakenOut = status === 'reverted' || original?.status === 'reverted';
  return {
    version,
    isChangedSince: isFile && !isSame,
    isThere: isSame || look.kind === 'elsewhere',
    queuedBehind: isQueued ? await countBefore(database, version) : null,
    twin: isQueued && attempts > 0 ? await findLikelyTwin(database, version) : original,
    loadedAs: isTakenOut ? await findLoaded(database, version.sha256) : undefined,
  };
}

/** The loaded file that holds these bytes. */
async function findLoaded(database: Queryable, sha256: string | null): Promise<SourceFileRow | undefined> {
  const loaded = await findLoadedContents(database, sha256 === null ? [] : [sha256]);
  const [file] = await findFiles(database, [...loaded.values()]);
  return file;
}
