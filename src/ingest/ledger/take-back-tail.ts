import { and, eq, sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import { correctedRejects, rejectedRows, sourceFiles, userEvents } from '../../database/schema.ts';
import { removeEvents } from '../totals/remove-events.ts';
import { RowsGoneError } from './keep-loaded.ts';
import type { RejectRoot } from './record-corrections.ts';
import { withdrawCorrections } from './withdraw-corrections.ts';

/** The last row of a loaded file. */
export interface LoadedTail {
  readonly fileId: number;
  readonly line: number;
  /** the chain of rejects that it has closed, if it is loaded */
  readonly corrected: RejectRoot | undefined;
  /** the version that loads the whole row */
  readonly takenBy: number;
}

/**
 * Removes the last row of a loaded file, loaded or rejected, and corrects the file's counts in the same transaction.
 * Its whole is about to be loaded as a row of the version that follows. From then on what the file has committed ends in
 * front of it, so that any version that continues the file reads that row, also where this one comes to nothing.
 * False where the tail is not there any more.
 * @throws RowsGoneError where it was rejected and has come back corrected since somebody looked: then its whole must not be loaded
 */
export async function takeBackTail(transaction: Queryable, tail: LoadedTail): Promise<boolean> {
  const [file] = await transaction
    .select()
    .from(sourceFiles)
    .where(
      and(eq(sourceFiles.fileId, tail.fileId), eq(sourceFiles.status, 'loaded'), eq(sourceFiles.tailLine, tail.line)),
    )
    .for('update');
  if (file === undefined) return false;
  const isTail = sql`${userEvents.fileId} = ${tail.fileId} and ${userEvents.lineNumber} = ${tail.line}`;
  const removed = await removeEvents(transaction, isTail);
  const rejects = await transaction
    .delete(rejectedRows)
    .where(and(eq(rejectedRows.fileId, tail.fileId), eq(rejectedRows.lineNumber, tail.line)))
    .returning({ reason: rejectedRows.reason, rootFileId: rejectedRows.rootFileId });
  // It was loaded or rejected: found in neither table, it was loaded, and has expired since.
  const expired = file.rowsExpired > 0 && removed.rows + rejects.length === 0 ? 1 : 0;
  const loaded = removed.rows + expired;
  const rejectsByReason = { ...file.rejectsByReason };
  for (const { reason } of rejects) {
    const rest = (rejectsByReason[reason] ?? 0) - 1;
    if (rest > 0) rejectsByReason[reason] = rest;
    else delete rejectsByReason[reason];
  }
  const closed = await transaction
    .delete(correctedRejects)
    .where(and(eq(correctedRejects.fileId, tail.fileId), eq(correctedRejects.lineNumber, tail.line)));
  const isClosed = (closed.rowCount ?? 0) > 0;
  if (isClosed && rejects.some(({ rootFileId }) => rootFileId === null)) throw new RowsGoneError(tail.fileId);
  // Who has the piece in a spreadsheet may still send it: its whole is loaded by then.
  if (rejects.length > 0) {
    const { fileId, line: lineNumber, takenBy: correctedBy } = tail;
    await transaction.insert(correctedRejects).values({ fileId, lineNumber, correctedBy, isPiece: true });
  }
  if (loaded > 0 && tail.corrected !== undefined) await withdrawCorrections(transaction, tail.fileId, tail.corrected);
  await transaction
    .update(sourceFiles)
    .set({
      rowsRead: file.rowsRead - loaded - rejects.length,
      rowsLoaded: file.rowsLoaded - loaded,
      rowsExpired: file.rowsExpired - expired,
      rowsRejected: file.rowsRejected - rejects.length,
      rejectsByReason,
      rowsCorrected: sql`${sourceFiles.rowsCorrected} - ${closed.rowCount ?? 0}`,
      committedOffset: file.tailOffset ?? file.committedOffset,
      committedLine: tail.line,
      tailOffset: null,
      tailLine: null,
      updatedAt: sql`clock_timestamp()`,
    })
    .where(eq(sourceFiles.fileId, tail.fileId));
  return true;
}
