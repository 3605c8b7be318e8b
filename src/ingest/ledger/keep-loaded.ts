import { and, eq } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import { type SourceFileRow, sourceFiles } from '../../database/schema.ts';

/** The rows that a file builds on are not loaded any more, or are being changed: what was decided by them has to be decided anew. */
export class RowsGoneError extends Error {
  readonly code = 'rows_gone';

  constructor(fileId: number) {
    super(`the rows of file ${fileId} are not what they were; they were taken out, or are being taken out`);
  }
}

/**
 * Holds another file as loaded until the transaction ends, so that its rows can't be taken out before what builds on them
 * is committed: a duplicate of it, or a version that continues behind what it has committed. It never waits: to take rows
 * out may last for minutes.
 * @throws RowsGoneError
 */
export async function keepLoaded(
  transaction: Queryable,
  { fileId, committedOffset }: Pick<SourceFileRow, 'fileId' | 'committedOffset'>,
): Promise<void> {
  const kept = await transaction
    .select({ fileId: sourceFiles.fileId })
    .from(sourceFiles)
    .where(
      and(
        eq(sourceFiles.fileId, fileId),
        eq(sourceFiles.status, 'loaded'),
        // Its last row may have been taken back by another version that continues it.
        eq(sourceFiles.committedOffset, committedOffset),
      ),
    )
    .for('share', { skipLocked: true });
  if (kept.length === 0) throw new RowsGoneError(fileId);
}
