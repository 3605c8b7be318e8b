import type { Queryable } from '../database/client.ts';
import { isUniqueViolation } from '../database/database-error.ts';
import type { SourceFileRow } from '../database/schema.ts';
import { Corrections } from './corrections/corrections.ts';
import { readAddresses } from './corrections/reject-addresses.ts';
import { FileError } from './file-error.ts';
import { findByContent, findEarlierVersions, isSizeCommitted } from './ledger/find-files.ts';
import { isCorrectedRoot } from './ledger/find-rejects.ts';
import { abandonFile, failFile, markDuplicate, requeueFile, restartFile } from './ledger/finish-files.ts';
import { keepLoaded, RowsGoneError } from './ledger/keep-loaded.ts';
import { forgetCorrected } from './ledger/withdraw-corrections.ts';
import { NeedsInspectionError } from './load/content-proof.ts';
import type { LoadConnection } from './load/load-connection.ts';
import { loadFile } from './load/load-file.ts';
import { ClaimLostError } from './load/load-transaction.ts';
import type { StartPosition } from './load/resume-point.ts';
import { isAboveThreshold, rejectLimitOf } from './reject-threshold.ts';
import { isPackedName } from './sources/file-name.ts';
import { type Content, inspectContent } from './sources/inspect-content.ts';
import { isFolderThere, SourceChangedError, SourceFile } from './sources/source-file.ts';
import type { LocalTime } from './transform/local-time.ts';

/** A file waits for another one with the same bytes that is being loaded: shortly at first, longer behind a giant. */
const TWIN_DELAY_MS = 250;
const LONGEST_TWIN_DELAY_MS = 5000;
const FOLDER_AWAY_DELAY_MS = 2000;

/**
 * The largest file that may be loaded in one pass; a packed one unpacks to about ten times as much. A larger one takes
 * several commits, and is inspected before the first of them anyway.
 */
const ONE_PASS_BYTES = 256 * 1024 * 1024;
const ONE_PASS_PACKED_BYTES = 16 * 1024 * 1024;

export interface IngestContext {
  readonly connection: LoadConnection;
  /** the clock of timestamps that name no zone */
  readonly instantOfLocalTime: LocalTime;
  readonly commitRows: number;
  readonly maxRecordBytes: number;
  /** above this share of rejects a file is held, where it has no limit of its own; 100: none is */
  readonly maxRejectPercent: number;
  readonly settleMs: number;
  readonly onCommit: (file: SourceFileRow) => void;
  readonly onProgress: (progress: { readonly bytesRead: number; readonly rowsRead: number }) => void;
}

/**
 * The story of one claimed file: read → transform → load → finish. Answers with its new ledger row, which says
 * `loaded`, `duplicate`, `failed`, `held`, or `queued` where it has to wait; undefined where another attempt has taken it over.
 * @throws what the database or the disk throws, after which the claim is still held and the connection discarded
 */
export async function ingestFile(file: SourceFileRow, context: IngestContext): Promise<SourceFileRow | undefined> {
  try {
    const source = await SourceFile.open(file.path);
    try {
      // Something wrote to it since it was registered: it has to come to rest again.
      if (source.fingerprint !== file.fingerprint) throw new SourceChangedError(file.path, source.stats);
      return await ingestSource(file, source, context).catch(async (error) => {
        // What looks like a fault of the file may be one of its being written at this moment.
        if (error instanceof FileError) await source.assertUnchanged();
        throw error;
      });
    } finally {
      await source.close();
    }
  } catch (error) {
    if (error instanceof ClaimLostError) return undefined;
    // What another file has done, or is about to: the next attempt sees it.
    const isCorrectedMeanwhile = isUniqueViolation(error, 'corrected_rejects_file_id_line_number_pk');
    const waitsForOther =
      error instanceof RowsGoneError || isCorrectedMeanwhile || isUniqueViolation(error, 'source_files_content_key');
    // Before a connection is asked for: where the last one is lost, to open another one may only take time and fail.
    if (!(error instanceof FileError || error instanceof SourceChangedError || waitsForOther)) throw error;
    const database = await context.connection.database();
    if (error instanceof FileError) {
      // With its folder gone, the file is not: a network mount may be back in a moment.
      if (error.code === 'unreadable' && file.origin !== 'cli' && !(await isFolderThere(file.path))) {
        return await requeueFile(database, file, { delayMs: FOLDER_AWAY_DELAY_MS });
      }
      return await failFile(database, file, error);
    }
    if (error instanceof SourceChangedError) {
      return await requeueFile(database, file, { delayMs: context.settleMs, version: error.version });
    }
    return await requeueFile(database, file, { delayMs: isCorrectedMeanwhile ? 0 : twinDelay(file) });
  }
}

async function ingestSource(
  file: SourceFileRow,
  source: SourceFile,
  context: IngestContext,
): Promise<SourceFileRow | undefined> {
  const versions = await findEarlierVersions(await context.connection.database(), file);
  if (await canBeNew(file, versions, context)) {
    try {
      return await loadFile({
        ...context,
        file,
        source,
        sha256: undefined,
        start: undefined,
        continues: undefined,
        heldAbove: undefined,
        follows: null,
        corrections: undefined,
      });
    } catch (error) {
      if (!(error instanceof NeedsInspectionError)) throw error;
    }
  }
  return await inspectAndLoad(file, source, versions, context);
}

/**
 * Whether nothing has to be known of the file's content before its rows are loaded: neither its path nor its size has been
 * seen before, so it is no duplicate and no continuation, and it is of a size that is likely to be committed at once. Nor is
 * there a limit for its rejects, which have to be counted first, or one of them that was corrected, which may be another row by now.
 */
async function canBeNew(
  file: SourceFileRow,
  versions: readonly SourceFileRow[],
  context: IngestContext,
): Promise<boolean> {
  if (rejectLimitOf(file, context) !== null || file.rowsCorrected > 0) return false;
  const limit = isPackedName(file.name) ? ONE_PASS_PACKED_BYTES : ONE_PASS_BYTES;
  if (versions.length > 0 || file.committedOffset > 0 || file.sizeBytes > limit) return false;
  return !(await isSizeCommitted(await context.connection.database(), file));
}

async function inspectAndLoad(
  file: SourceFileRow,
  source: SourceFile,
  versions: readonly SourceFileRow[],
  context: IngestContext,
): Promise<SourceFileRow | undefined> {
  const database = await context.connection.database();
  const sizes = [file, ...versions].map(({ sizeBytes }) => sizeBytes);
  const isAlive = () => context.onProgress({ bytesRead: 0, rowsRead: file.rowsRead });
  const content = await inspectContent(source, sizes, isAlive);

  // Rows of bytes that the file does not hold any more go first: they would claim those bytes against everybody else.
  const isStale = file.committedOffset > 0 && !holdsPrefix(content, file);
  const current = isStale ? await restartFile(database, file) : file;
  if (current === undefined) return undefined;
  // Released or retried, and changed since: what was corrected of it stood on the lines of other bytes.
  if (file.committedOffset === 0 && file.sha256 !== null && file.sha256 !== content.sha256) {
    await forgetCorrected(database, file.fileId);
  }

  const twin = await findByContent(database, content.sha256, file.fileId);
  if (twin?.status === 'loaded') {
    const duplicate = { of: twin, sha256: content.sha256, sizeBytes: source.sizeBytes };
    return await markDuplicate(database, current, duplicate);
  }
  if (twin !== undefined && (await abandonFile(database, twin.fileId)) === undefined) {
    return await requeueFile(database, current, { delayMs: twinDelay(file) });
  }

  const continued = longestPrefix(content, versions);
  const continues = current.committedOffset > 0 ? undefined : continued;
  // Rather now than after all of it was read: to take rows out may last.
  if (continues !== undefined) await keepLoaded(database, continues);
  const mayGoOn = continued !== undefined && !(await isTailCorrected(database, continued));
  const start = startPosition(current, continued, mayGoOn);
  const { fileId } = file;
  const tail = start?.tail && continued && { fileId: continued.fileId, lineNumber: start.tail.line };
  const addresses = await readAddresses(source, context.maxRecordBytes, isAlive);
  const corrections = addresses && (await Corrections.find(database, { fileId, addresses, tail, onSlice: isAlive }));
  const limit = rejectLimitOf(file, context);
  const isHeld = limit !== null && (await isAboveThreshold(current, source, start, corrections, limit, context));
  return await loadFile({
    ...context,
    file: current,
    source,
    sha256: content.sha256,
    start,
    continues,
    heldAbove: isHeld ? limit : undefined,
    follows: (continued ?? versions[0])?.fileId ?? null,
    corrections,
  });
}

/** Behind what this file, or the version that it continues, has committed already. */
function startPosition(
  file: SourceFileRow,
  continued: SourceFileRow | undefined,
  mayGoOn: boolean,
): StartPosition | undefined {
  if (file.committedOffset > 0) return { offset: file.committedOffset, line: file.committedLine };
  if (continued === undefined) return undefined;
  const { committedOffset: offset, committedLine: line, tailOffset, tailLine } = continued;
  // Under another name those bytes are still a file of their own, whose last row is what it is.
  const isSameFile = continued.path === file.path;
  if (tailOffset === null || tailLine === null || !isSameFile || !mayGoOn) return { offset, line };
  return { offset, line, tail: { offset: tailOffset, line: tailLine } };
}

/**
 * Whether the last row of a version was rejected, and has come back corrected since: then what is appended to it is no part of a row
 * that may be loaded again.
 */
async function isTailCorrected(database: Queryable, { fileId, tailLine }: SourceFileRow): Promise<boolean> {
  return tailLine !== null && (await isCorrectedRoot(database, { fileId, lineNumber: tailLine }));
}

/** The version of which the content holds all bytes, the longest one: whatever came in between, its rows are loaded. */
function longestPrefix(content: Content, versions: readonly SourceFileRow[]): SourceFileRow | undefined {
  const held = versions.filter((version) => holdsPrefix(content, version));
  return held.reduce<SourceFileRow | undefined>(
    (longest, version) => (longest === undefined || version.sizeBytes > longest.sizeBytes ? version : longest),
    undefined,
  );
}

/** Whether the content begins with all the bytes of an earlier version. */
function holdsPrefix(content: Content, earlier: SourceFileRow): boolean {
  return earlier.sha256 !== null && content.prefixes.get(earlier.sizeBytes) === earlier.sha256;
}

function twinDelay(file: SourceFileRow): number {
  return Math.min(LONGEST_TWIN_DELAY_MS, TWIN_DELAY_MS * file.attempts);
}
