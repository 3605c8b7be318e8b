import { and, eq, sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import { rejectedRows, type SourceFileRow, sourceFiles } from '../../database/schema.ts';
import { inTransaction } from '../../database/transaction.ts';
import { LEASE } from './claim-files.ts';
import { lockFinished } from './revert-file.ts';

/**
 * Sends a held file through once more, whatever share of it is rejected. Its rejects are written anew by that load; which
 * of them have been corrected since is kept. Undefined where it is not held.
 * `reservedFor`: the process that will load it itself. `database` is a connection of its own: it lasts as long as there are rejects.
 * @throws RemovalUnderWayError; a violation of `source_files_open_path_key` where its path is waiting as another version
 */
export async function releaseFile(
  database: Queryable,
  fileId: number,
  reservedFor?: string,
): Promise<SourceFileRow | undefined> {
  return await inTransaction(database, async (transaction) => {
    const file = await lockFinished(transaction, fileId, ['held']);
    if (file === undefined) return undefined;
    await transaction.delete(rejectedRows).where(eq(rejectedRows.fileId, fileId));
    const [released] = await transaction
      .update(sourceFiles)
      .set({
        status: 'queued',
        isReleased: true,
        failures: 0,
        rowsRead: 0,
        rowsRejected: 0,
        rowsWithheld: 0,
        rejectsByReason: {},
        ignoredColumns: [],
        errorCode: null,
        errorMessage: null,
        startedAt: null,
        finishedAt: null,
        claimedBy: reservedFor ?? null,
        leaseUntil: reservedFor === undefined ? null : LEASE,
        availableAt: sql`clock_timestamp()`,
        updatedAt: sql`clock_timestamp()`,
      })
      .where(and(eq(sourceFiles.fileId, fileId), eq(sourceFiles.status, 'held')))
      .returning();
    return released;
  });
}
