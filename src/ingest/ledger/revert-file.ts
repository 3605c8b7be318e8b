import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import { isDeadlock, isLockTimeout } from '../../database/database-error.ts';
import { type SourceFileRow, sourceFiles, userEvents } from '../../database/schema.ts';
import { inTransaction } from '../../database/transaction.ts';
import { removeEvents, settleRemovals } from '../totals/remove-events.ts';
import { withdrawCorrections } from './withdraw-corrections.ts';

/** What holds a finished file for longer than that is another removal. */
const LOCK_TIMEOUT_MS = 5000;
/** Once it has begun: another removal of a giant may hold a file of which this one had corrected rejects, or somebody the table. */
const LATER_LOCK_TIMEOUT = '10min';
const MOST_DEADLOCKS = 3;

/** Somebody else is taking rows of this very file out at the moment. */
export class RemovalUnderWayError extends Error {
  readonly code = 'removal_under_way';

  constructor(fileId: number, options?: ErrorOptions) {
    super(`the rows of file ${fileId} are being taken out already`, options);
  }
}

/**
 * Takes exactly the rows of a loaded file out again, and keeps its rejects as history; of a held file there is nothing to
 * take out. One transaction, so each row is there or none is, whatever dies meanwhile. Rejects of other files that this one
 * had brought back corrected are open again. Answers with all files that are changed by it, itself first; with none where
 * it is neither loaded nor held.
 * `database` is a connection of its own: it lasts as long as there are rows.
 * @throws RemovalUnderWayError
 */
export async function revertFile(database: Queryable, fileId: number): Promise<SourceFileRow[]> {
  for (let deadlocks = 0; ; deadlocks += 1) {
    try {
      return await revertOnce(database, fileId);
    } catch (error) {
      // Two files that have corrected each other's rejects: each holds itself and wants the other one.
      if (!isDeadlock(error) || deadlocks === MOST_DEADLOCKS) throw error;
    }
  }
}

async function revertOnce(database: Queryable, fileId: number): Promise<SourceFileRow[]> {
  return await inTransaction(database, async (transaction) => {
    const file = await lockFinished(transaction, fileId, ['loaded', 'held']);
    if (file === undefined) return [];
    if (file.status === 'loaded') await removeEvents(transaction, eq(userEvents.fileId, fileId));
    const withheld = file.status === 'held' ? file.rowsWithheld : file.rowsLoaded;
    const reverted = await transaction
      .update(sourceFiles)
      .set({
        status: 'reverted',
        rowsRead: file.rowsRejected,
        rowsLoaded: 0,
        rowsExpired: 0,
        rowsWithheld: withheld,
        // It claims no bytes any more: the same may be loaded again.
        bytesCommitted: 0,
        committedOffset: 0,
        committedLine: 0,
        tailOffset: null,
        tailLine: null,
        revertedAt: sql`clock_timestamp()`,
        updatedAt: sql`clock_timestamp()`,
      })
      .where(eq(sourceFiles.fileId, fileId))
      .returning();
    // Last of all, so that the other files are locked for a moment only.
    const others = await withdrawCorrections(transaction, fileId);
    await settleRemovals(transaction);
    return [...reverted, ...others];
  });
}

/**
 * Locks a file that nobody is loading; undefined where it is in none of these states. Not `for update`: that would hold up
 * every file that names this one, as the one it follows or is a duplicate of.
 * @throws RemovalUnderWayError
 */
export async function lockFinished(
  transaction: Queryable,
  fileId: number,
  statuses: readonly SourceFileRow['status'][],
): Promise<SourceFileRow | undefined> {
  // What is set for the role or database must not cut a removal, however many rows there are; a process that freezes in
  // the middle of it must not hold the file for ever.
  await transaction.execute(sql`
    select set_config(name, case name when 'lock_timeout' then ${`${LOCK_TIMEOUT_MS}ms`}
                                      when 'idle_in_transaction_session_timeout' then '10s' else '0' end, true)
      from pg_settings
     where name in ('statement_timeout', 'transaction_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout')`);
  try {
    const [file] = await transaction
      .select()
      .from(sourceFiles)
      .where(and(eq(sourceFiles.fileId, fileId), inArray(sourceFiles.status, [...statuses])))
      .for('no key update');
    await transaction.execute(sql`select set_config('lock_timeout', ${LATER_LOCK_TIMEOUT}, true)`);
    return file;
  } catch (error) {
    if (isLockTimeout(error)) throw new RemovalUnderWayError(fileId, { cause: error });
    throw error;
  }
}
