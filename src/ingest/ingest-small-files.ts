import { isDeadlock, isUniqueViolation } from '../database/database-error.ts';
import type { SourceFileRow } from '../database/schema.ts';
import type { IngestContext } from './ingest-file.ts';
import { findWithPast } from './ledger/small-files.ts';
import { KnownHeaders } from './load/known-headers.ts';
import { loadSmallFiles, PortionChangedError } from './load/load-small-files.ts';
import { ClaimLostError } from './load/load-transaction.ts';
import { openSmallFile, type SmallFile } from './load/small-file.ts';
import { isSmallFileAboveThreshold } from './reject-threshold.ts';

/** What another replica commits, or a writer changes, in the middle of a portion is left out of the next try. */
const MAX_TRIES = 3;

/**
 * Loads those of the claimed files that need no decision of their own, in one transaction. Answers with the ledger rows
 * of those that are loaded; of all others nothing has happened, and each has to be given to `ingestFile`: what is
 * damaged, zipped, changed, a duplicate, a later version of its path, to be held, or refused by the database.
 * @throws what the database throws, after which the claims are still held and the connection is discarded
 */
export async function ingestSmallFiles(
  files: readonly SourceFileRow[],
  context: IngestContext,
): Promise<SourceFileRow[]> {
  const headers = new KnownHeaders(context.maxRecordBytes);
  const opened: SmallFile[] = [];
  try {
    for (const file of files) {
      const small = openSmallFile(file, headers);
      if (small !== undefined) opened.push(small);
      context.onProgress({ bytesRead: 0, rowsRead: 0 });
    }
    // Loaded alone, those above their limit are counted once more, and held.
    return await loadTogether(
      opened.filter((small) => !isSmallFileAboveThreshold(small, context)),
      context,
    );
  } finally {
    for (const { source } of opened) source.close();
  }
}

async function loadTogether(opened: readonly SmallFile[], context: IngestContext): Promise<SourceFileRow[]> {
  for (let tries = 1; ; tries += 1) {
    const unchanged = tries === 1 ? opened : opened.filter(({ source }) => source.isUnchanged());
    const withPast = await findWithPast(await context.connection.database(), unchanged);
    // In this order: what equals a file with a past waits for what that one becomes, which may be a part of it only.
    const plain = firstOfEachContent(unchanged).filter(({ file }) => !withPast.has(file.fileId));
    if (plain.length === 0) return [];
    try {
      return await loadSmallFiles(plain, context);
    } catch (error) {
      if (tries === MAX_TRIES || !isDoingOfOthers(error)) throw error;
    }
  }
}

function isDoingOfOthers(error: unknown): boolean {
  return (
    error instanceof ClaimLostError ||
    error instanceof PortionChangedError ||
    // Another portion with the same contents in another order: by the next try it is committed.
    isDeadlock(error) ||
    isUniqueViolation(error, 'source_files_content_key')
  );
}

/** Of equal files the first one is loaded, and the others find it in the ledger. */
function firstOfEachContent(files: readonly SmallFile[]): SmallFile[] {
  const first = new Map<string, SmallFile>();
  for (const small of files) if (!first.has(small.sha256)) first.set(small.sha256, small);
  return [...first.values()];
}
