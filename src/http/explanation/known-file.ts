import type { SourceFileRow } from '../../database/schema.ts';
import type { KnownFile } from '../../ingest/explain/find-standing.ts';
import type { StandingVersion } from '../../ingest/ledger/file-versions.ts';
import { plainText } from '../../plain-text.ts';
import { counted } from './counted.ts';
import { adviceOnError } from './error-advice.ts';
import { loadAgain, loadAllTheSame, loadCommand } from './load-again.ts';

/** What to say of a file that the ledger knows, by its state there. */
export function explainKnown(known: KnownFile): string {
  const { version, queuedBehind, twin } = known;
  switch (version.status) {
    case 'queued':
      return explainQueued(version, queuedBehind ?? 0, twin);
    case 'loading':
      return explainLoading(version);
    case 'loaded':
      return explainLoaded(version);
    case 'duplicate':
      return explainDuplicate(known);
    case 'failed':
      return `${titleOf(version)} could not be loaded (${version.errorCode}): ${sentence(version.errorMessage)} ${adviceOnError(version)}`;
    case 'held':
      // That message says what to do, too.
      return `${titleOf(version)} is held: ${sentence(version.errorMessage)}`;
    case 'reverted':
      return explainReverted(known);
  }
}

function explainQueued(version: StandingVersion, queuedBehind: number, twin: SourceFileRow | undefined): string {
  if (isLeftByCommand(version)) return `${titleOf(version)} waits for nobody: ${giveCommandAgain(version)}`;
  const since = `${titleOf(version)} has been waiting since ${at(version.updatedAt)}`;
  const reserved = version.origin === 'cli' && version.claimedBy !== null ? ', for the command that named it' : '';
  const failures =
    version.failures === 0
      ? ''
      : ` It has failed ${version.failures === 1 ? 'once' : `${version.failures} times`}; the fifth time is the last.`;
  const due = version.isDelayed ? ` It is tried again at ${at(version.availableAt)}.` : '';
  const other =
    twin === undefined
      ? ''
      : ` It probably waits for ${titleOf(twin)}, which is of the same size and being loaded: if it has the same bytes, this one will be its duplicate.`;
  const before =
    queuedBehind === 0 ? ' No file is before it.' : ` ${counted(queuedBehind, 'file')} will be loaded before it.`;
  return `${since}${reserved}.${failures}${due}${other}${before} There is nothing to do.`;
}

function explainLoading(version: StandingVersion): string {
  if (isLeftByCommand(version)) return `${titleOf(version)} is half loaded: ${giveCommandAgain(version)}`;
  const { bytesCommitted, sizeBytes, rowsRead, startedAt, isLeaseOver } = version;
  const share = sizeBytes === 0 ? 0 : Math.floor((100 * bytesCommitted) / sizeBytes);
  const progress = `${counted(rowsRead, 'row')} and ${bytesCommitted} of ${counted(sizeBytes, 'byte')} (${share} %) are committed so far`;
  const owner = isLeaseOver
    ? ' Whoever loaded it does not answer any more; the next free loader goes on behind the last commit.'
    : '';
  return `${titleOf(version)} has been loading since ${at(startedAt)}: ${progress}.${owner} There is nothing to do.`;
}

function explainLoaded(version: SourceFileRow): string {
  const { rowsRead, rowsLoaded, rowsRejected, rowsCorrected, rowsExpired, follows, finishedAt } = version;
  const loaded = `${titleOf(version)} was loaded at ${at(finishedAt)}`;
  if (rowsRead === 0) return `${loaded}, but there is no ${follows === null ? 'row' : 'new row'} in it.`;
  const expired = rowsExpired === 0 ? '' : ` (${rowsExpired} of them dropped since, being older than RETENTION_DAYS)`;
  if (rowsRejected === 0) return `${loaded}: ${counted(rowsLoaded, 'row')}${expired}, none rejected.`;
  const corrected = rowsCorrected === 0 ? '' : ` (${rowsCorrected} of them corrected since)`;
  return `${loaded}: ${counted(rowsLoaded, 'row')}${expired}; ${rowsRejected} of ${rowsRead} rows were rejected${corrected}. ${seeRejects(version)}`;
}

function explainDuplicate(known: KnownFile): string {
  const { version, twin: original } = known;
  if (original === undefined)
    return `${titleOf(version)} has bytes that are loaded already, so none of its rows was loaded.`;
  const same = `${titleOf(version)} has the same bytes as ${titleOf(original)}`;
  if (original.status !== 'reverted')
    return `${same}, which was loaded at ${at(original.finishedAt)}, so none of its rows was loaded twice. There is nothing to do.`;
  return `${same}, whose rows were taken out at ${at(original.revertedAt)}. ${loadedSince(known) ?? loadAgain(known)}`;
}

function explainReverted(known: KnownFile): string {
  const { version } = known;
  const since = at(version.revertedAt);
  if (version.errorCode === 'too_many_rejects') {
    const discarded = `${titleOf(version)} was held, since too many of its rows are rejected, and discarded at ${since}: none of its rows was ever in the table.`;
    return `${discarded} ${loadedSince(known) ?? loadAllTheSame(known)}`;
  }
  const rows = `${counted(version.rowsWithheld, 'row')} of ${titleOf(version)} ${version.rowsWithheld === 1 ? 'is' : 'are'}`;
  const takenOut = `${rows} not in the table any more: somebody took the file out at ${since}`;
  const again = loadedSince(known);
  return again === undefined
    ? `${takenOut}, and nothing loads it again by itself. ${loadAgain(known)}`
    : `${takenOut}. ${again}`;
}

/** Of bytes that came once more after their rows were taken out: to load them again would give a duplicate. */
function loadedSince({ loadedAs }: KnownFile): string | undefined {
  if (loadedAs === undefined) return undefined;
  return `The same bytes are loaded again, as ${titleOf(loadedAs)}: ${counted(loadedAs.rowsLoaded, 'row')}, at ${at(loadedAs.finishedAt)}. There is nothing to do.`;
}

/** `a.csv (file 7)`. */
function titleOf({ name, fileId }: Pick<SourceFileRow, 'name' | 'fileId'>): string {
  return `${plainText(name)} (file ${fileId})`;
}

function addressOf({ fileId }: Pick<SourceFileRow, 'fileId'>): string {
  return `/ingestion/files/${fileId}`;
}

function seeRejects(file: SourceFileRow): string {
  return `See which: GET ${addressOf(file)}/rejects.`;
}

/** No service touches a file that was named on a command line: its path may mean nothing there. */
function isLeftByCommand({ origin, claimedBy, isLeaseOver }: StandingVersion): boolean {
  return origin === 'cli' && claimedBy !== null && isLeaseOver;
}

function giveCommandAgain({ path }: SourceFileRow): string {
  return `the command that named it has ended, and no service loads such files. Give it again: ${loadCommand(path)}`;
}

function sentence(message: string | null): string {
  const text = plainText(message ?? 'no reason was kept');
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function at(moment: Date | null): string {
  return moment === null ? 'an unknown time' : moment.toISOString();
}
