import { and, eq, getTableColumns, inArray, lt, sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import { isUniqueViolation } from '../../database/database-error.ts';
import { rejectedRows, type SourceFileRow, sourceFiles, userEvents } from '../../database/schema.ts';
import { inTransaction } from '../../database/transaction.ts';
import type { FileErrorCode } from '../file-error.ts';
import { removeEvents, settleRemovals } from '../totals/remove-events.ts';
import { type Claim, heldBy, LEASE } from './claim-files.ts';
import { keepLoaded } from './keep-loaded.ts';
import { forgetCorrected, withdrawCorrections } from './withdraw-corrections.ts';

/** What an attempt that reached no end leaves for the next one. */
export interface Requeue {
  readonly delayMs: number;
  /** the attempt failed by the file's own doing, and such failures are bounded */
  readonly countsAsFailure?: boolean;
  /** the file has changed since it was registered: this is the version that waits now */
  readonly version?: { readonly sizeBytes: number; readonly fingerprint: string };
}

/** Puts a claimed file back into the queue. Undefined where the claim is no longer held. */
export async function requeueFile(
  database: Queryable,
  claim: Claim,
  requeue: Requeue,
): Promise<SourceFileRow | undefined> {
  const [file] = await database
    .update(sourceFiles)
    .set({
      status: 'queued',
      availableAt: sql`clock_timestamp() + ${requeue.delayMs} * interval '1 millisecond'`,
      updatedAt: sql`clock_timestamp()`,
      ...(requeue.countsAsFailure === true ? { failures: sql`${sourceFiles.failures} + 1` } : {}),
      ...(requeue.version === undefined
        ? {}
        : {
            fingerprint: requeue.version.fingerprint,
            // Whoever released it has seen other bytes.
            isReleased: false,
            // Once rows are committed, size and sha256 belong together: they say which prefix must still be there.
            sizeBytes: sql`case when ${sourceFiles.committedOffset} > 0 then ${sourceFiles.sizeBytes} else ${requeue.version.sizeBytes} end`,
          }),
    })
    .where(heldBy(claim))
    .returning();
  return file;
}

/** Puts claimed files back into the queue, all in one statement. Answers with those of which the claim was still held. */
export async function requeueFiles(
  database: Queryable,
  claims: readonly Claim[],
  requeue: { readonly delayMs: number },
): Promise<SourceFileRow[]> {
  const held = sql`unnest(${sql.param(claims.map(({ fileId }) => fileId))}::bigint[],
    ${sql.param(claims.map(({ attempts }) => attempts))}::int[]) as held (id, attempt)`;
  return await database
    .update(sourceFiles)
    .set({
      status: 'queued',
      availableAt: sql`clock_timestamp() + ${requeue.delayMs} * interval '1 millisecond'`,
      updatedAt: sql`clock_timestamp()`,
    })
    .from(held)
    .where(
      and(
        eq(sourceFiles.fileId, sql`held.id`),
        eq(sourceFiles.attempts, sql`held.attempt`),
        eq(sourceFiles.status, 'loading'),
      ),
    )
    .returning(getTableColumns(sourceFiles));
}

/** Ends a claimed file as failed; rows that earlier commits of it had loaded are taken out again in the same transaction. */
export async function failFile(
  database: Queryable,
  claim: Claim,
  error: { readonly code: FileErrorCode; readonly message: string },
): Promise<SourceFileRow | undefined> {
  return await inTransaction(database, async (transaction) => {
    if (!(await removeCommittedRows(transaction, claim))) return undefined;
    const [file] = await transaction
      .update(sourceFiles)
      .set({
        status: 'failed',
        errorCode: error.code,
        errorMessage: error.message,
        ...(error.code === 'load_failed' ? { failures: sql`${sourceFiles.failures} + 1` } : {}),
        finishedAt: sql`clock_timestamp()`,
        updatedAt: sql`clock_timestamp()`,
      })
      .where(heldBy(claim))
      .returning();
    await settleRemovals(transaction);
    return file;
  });
}

/** Takes out what a file has loaded so far, so that it can start from its first row. */
export async function restartFile(database: Queryable, claim: Claim): Promise<SourceFileRow | undefined> {
  return await inTransaction(database, async (transaction) => {
    if (!(await removeCommittedRows(transaction, claim))) return undefined;
    await forgetCorrected(transaction, claim.fileId);
    const [file] = await transaction.select().from(sourceFiles).where(eq(sourceFiles.fileId, claim.fileId));
    await settleRemovals(transaction);
    return file;
  });
}

/**
 * Ends a claimed file as a duplicate of one that is loaded; what it had committed itself is taken out again.
 * @throws RowsGoneError where the rows of the other one are being taken out: then these bytes may have to be loaded
 */
export async function markDuplicate(
  database: Queryable,
  claim: Claim,
  duplicate: {
    readonly of: Pick<SourceFileRow, 'fileId' | 'committedOffset'>;
    readonly sha256: string;
    readonly sizeBytes: number;
  },
): Promise<SourceFileRow | undefined> {
  return await inTransaction(database, async (transaction) => {
    await keepLoaded(transaction, duplicate.of);
    if (!(await removeCommittedRows(transaction, claim))) return undefined;
    const [file] = await transaction
      .update(sourceFiles)
      .set({
        status: 'duplicate',
        duplicateOf: duplicate.of.fileId,
        sha256: duplicate.sha256,
        sizeBytes: duplicate.sizeBytes,
        finishedAt: sql`clock_timestamp()`,
        updatedAt: sql`clock_timestamp()`,
      })
      .where(heldBy(claim))
      .returning();
    await settleRemovals(transaction);
    return file;
  });
}

/**
 * Sends a failed file through once more, for `reservedFor`, or else for any service. Undefined where it is not failed, or
 * its path is already waiting as another version.
 */
export async function retryFailedFile(
  database: Queryable,
  fileId: number,
  reservedFor?: string,
): Promise<SourceFileRow | undefined> {
  try {
    return await requeueFailedFile(database, fileId, reservedFor);
  } catch (error) {
    if (isUniqueViolation(error, 'source_files_open_path_key')) return undefined;
    throw error;
  }
}

async function requeueFailedFile(
  database: Queryable,
  fileId: number,
  reservedFor: string | undefined,
): Promise<SourceFileRow | undefined> {
  const [file] = await database
    .update(sourceFiles)
    .set({
      status: 'queued',
      failures: 0,
      errorCode: null,
      errorMessage: null,
      startedAt: null,
      finishedAt: null,
      claimedBy: reservedFor ?? null,
      leaseUntil: reservedFor === undefined ? null : LEASE,
      availableAt: sql`clock_timestamp()`,
      updatedAt: sql`clock_timestamp()`,
    })
    .where(and(eq(sourceFiles.fileId, fileId), eq(sourceFiles.status, 'failed')))
    .returning();
  return file;
}

/** Whoever calls it calls `settleRemovals` before the commit. */
async function removeCommittedRows(transaction: Queryable, claim: Claim): Promise<boolean> {
  // To take rows out lasts as long as there are rows: what is set for the role or database must not cut it, or the file
  // would never reach its end.
  await transaction.execute(sql`
    select set_config(name, '0', true) from pg_settings where name in ('statement_timeout', 'transaction_timeout')`);
  const [before] = await transaction.select().from(sourceFiles).where(heldBy(claim)).for('update');
  if (before === undefined) return false;
  if (before.committedOffset > 0 || before.rowsRead > 0) {
    await removeEvents(transaction, eq(userEvents.fileId, claim.fileId));
    await transaction.delete(rejectedRows).where(eq(rejectedRows.fileId, claim.fileId));
    await withdrawCorrections(transaction, claim.fileId);
  }
  await transaction
    .update(sourceFiles)
    .set({
      rowsRead: 0,
      rowsLoaded: 0,
      rowsRejected: 0,
      rowsExpired: 0,
      rejectsByReason: {},
      ignoredColumns: [],
      bytesCommitted: 0,
      committedOffset: 0,
      committedLine: 0,
      tailOffset: null,
      tailLine: null,
      follows: null,
      corrects: null,
    })
    .where(heldBy(claim));
  return true;
}

/**
 * Ends a file that nobody is going to load any more: named on the command line of a process that has ended, so that no
 * service may look for it. What it had committed is taken out. Undefined where it is in better hands.
 */
export async function abandonFile(database: Queryable, fileId: number): Promise<SourceFileRow | undefined> {
  const [file] = await database
    .update(sourceFiles)
    .set({ status: 'loading', attempts: sql`${sourceFiles.attempts} + 1` })
    .where(
      and(
        eq(sourceFiles.fileId, fileId),
        eq(sourceFiles.origin, 'cli'),
        inArray(sourceFiles.status, ['queued', 'loading']),
        lt(sourceFiles.leaseUntil, sql`now() - interval '10 seconds'`),
      ),
    )
    .returning();
  if (file === undefined) return undefined;
  const message = 'the command that was loading it has ended; the same bytes are being loaded from elsewhere';
  return await failFile(database, file, { code: 'unreadable', message });
}
