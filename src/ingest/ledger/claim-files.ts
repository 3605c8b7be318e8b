import { and, eq, inArray, isNull, lt, lte, ne, or, type SQL, sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import { type SourceFileRow, sourceFiles } from '../../database/schema.ts';

/**
 * A claim only saves work, correctness never depends on it. It is renewed every second; when its owner has died,
 * another replica takes the file over after this time. Time is the database's, so clocks of replicas do not matter.
 */
export const LEASE = sql`clock_timestamp() + interval '3 seconds'`;
export const LEASE_RENEWAL_MS = 1000;

/** Files of at most so many bytes share what costs the same for ten rows as for a million. */
const SMALL_FILE_BYTES = 64 * 1024;
/** What the small files of a portion may have together: a loader holds all of it in memory. */
const PORTION_BYTES = 1024 * 1024;

export interface ClaimRequest {
  readonly owner: string;
  /** the most files of a portion */
  readonly limit: number;
  /** files that this process is working on: a lease that ran out while the machine slept must not be taken over from itself */
  readonly inFlight: readonly number[];
  /** only these files, for a process that loads what it was told and nothing else */
  readonly only?: readonly number[];
}

/**
 * Takes a portion for one loader, oldest first: the file that has been due for longest, whether it waits or its owner is
 * gone; and where that is small and was never tried, up to `limit` such files in all. What is large, or has been tried
 * before, is taken alone, so whatever goes wrong with a portion, its files do not meet again.
 */
export async function claimFiles(database: Queryable, request: ClaimRequest): Promise<SourceFileRow[]> {
  const { fileId, availableAt, sizeBytes, attempts } = sourceFiles;
  const free = and(isDue(), isReachable(request), sql`${fileId} <> all(${sql.param(request.inFlight)}::bigint[])`);
  // A packed file may be large inside, and others would wait behind it.
  const isSmall = sql`${sizeBytes} <= ${SMALL_FILE_BYTES} and ${attempts} = 0 and ${sourceFiles.name} not ilike '%.gz'`;
  // Each lock writes to the table, so behind a large file, or a tried one, nothing is locked that is not taken.
  const portion = sql`
    with oldest as (
      select ${fileId} as file_id, ${sizeBytes} as size_bytes, ${isSmall} as is_small from ${sourceFiles}
       where ${free} order by ${availableAt}, ${fileId} limit 1 for update skip locked
    ), others as (
      select ${fileId} as file_id, ${sizeBytes} as size_bytes, ${availableAt} as available_at from ${sourceFiles}
       where (select is_small from oldest) and ${fileId} <> (select file_id from oldest) and ${isSmall} and ${free}
       order by ${availableAt}, ${fileId} limit ${request.limit - 1} for update skip locked
    ), summed as (
      select file_id, (select size_bytes from oldest) + sum(size_bytes) over (order by available_at, file_id) as bytes
        from others
    )
    select file_id from oldest union all select file_id from summed where bytes <= ${PORTION_BYTES}`;
  const claimed = await database
    .update(sourceFiles)
    .set({
      status: 'loading',
      attempts: sql`${attempts} + 1`,
      claimedBy: request.owner,
      leaseUntil: LEASE,
      startedAt: sql`coalesce(${sourceFiles.startedAt}, clock_timestamp())`,
      updatedAt: sql`clock_timestamp()`,
    })
    // array(…) runs the locking subquery exactly once; a plain `in` may be planned as a loop that locks more than the limit.
    .where(sql`${fileId} = any(array(${portion}))`)
    .returning();
  return claimed.sort((a, b) => a.availableAt.getTime() - b.availableAt.getTime() || a.fileId - b.fileId);
}

/**
 * How many files that a service may claim now come before this one in the order of claims. A file that a command has
 * reserved for itself waits behind the others of that command only.
 */
export async function countBefore(
  database: Queryable,
  file: Pick<SourceFileRow, 'fileId' | 'origin' | 'claimedBy'>,
): Promise<number> {
  const { claimedBy } = file;
  const isReserved = file.origin === 'cli' && claimedBy !== null;
  // Compared in the database: a date of JavaScript has no microseconds, and files of one registration differ by less.
  const isBefore = sql`(${sourceFiles.availableAt}, ${sourceFiles.fileId}) <
    (select asked.available_at, asked.file_id from source_files as asked where asked.file_id = ${file.fileId})`;
  const amongWhich = isReserved
    ? and(eq(sourceFiles.origin, 'cli'), eq(sourceFiles.claimedBy, claimedBy))
    : isReachable({ owner: '' });
  const [counted] = await database
    .select({ files: sql<number>`count(*)::int` })
    .from(sourceFiles)
    .where(and(isDue(), amongWhich, isBefore));
  return counted?.files ?? 0;
}

/** Whether a file waits and its time has come, or its owner is gone. */
function isDue(): SQL | undefined {
  return or(
    and(eq(sourceFiles.status, 'queued'), lte(sourceFiles.availableAt, sql`now()`)),
    and(eq(sourceFiles.status, 'loading'), lt(sourceFiles.leaseUntil, sql`now()`)),
  );
}

/**
 * A file named on a command line may not exist here, and would be failed and its rows taken out: it waits for a process
 * that was told that very file.
 */
function isReachable({ owner, only }: Pick<ClaimRequest, 'owner' | 'only'>): SQL | undefined {
  if (only === undefined) {
    return or(ne(sourceFiles.origin, 'cli'), isNull(sourceFiles.claimedBy), eq(sourceFiles.claimedBy, owner));
  }
  return and(
    isOneOf(only),
    or(ne(sourceFiles.origin, 'cli'), eq(sourceFiles.claimedBy, owner), lt(sourceFiles.leaseUntil, sql`now()`)),
  );
}

/**
 * Renews the leases of the files that the owner is loading or has reserved. Only of those: a file whose end could not
 * be written must become free. One whose row is locked is passed over, since waiting for it would let the leases of all
 * others run out; while it is locked nobody else can claim it.
 */
export async function renewLeases(database: Queryable, owner: string, fileIds: readonly number[]): Promise<void> {
  if (fileIds.length === 0) return;
  const renewable = database
    .select({ fileId: sourceFiles.fileId })
    .from(sourceFiles)
    .where(and(isOneOf(fileIds), eq(sourceFiles.claimedBy, owner), inArray(sourceFiles.status, ['queued', 'loading'])))
    .for('update', { skipLocked: true });
  await database
    .update(sourceFiles)
    .set({ leaseUntil: LEASE })
    .where(sql`${sourceFiles.fileId} = any(array(${renewable}))`);
}

/** As one value: a list of values has room for 65,535 of them. */
export function isOneOf(fileIds: readonly number[]): SQL {
  return sql`${sourceFiles.fileId} = any(${sql.param(fileIds)}::bigint[])`;
}

/** Which attempt at which file a write belongs to: a write of an attempt that was taken over changes nothing. */
export interface Claim {
  readonly fileId: number;
  readonly attempts: number;
}

/** The condition that every write of a claim's owner carries. */
export function heldBy(claim: Claim) {
  return and(
    eq(sourceFiles.fileId, claim.fileId),
    eq(sourceFiles.attempts, claim.attempts),
    eq(sourceFiles.status, 'loading'),
  );
}
