import { and, asc, eq, inArray, isNull, lt, lte, ne, notInArray, or, type SQL, sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import { type SourceFileRow, sourceFiles } from '../../database/schema.ts';

/**
 * A claim only saves work, correctness never depends on it. It is renewed every second; when its owner has died,
 * another replica takes the file over after this time. Time is the database's, so clocks of replicas do not matter.
 */
export const LEASE = sql`clock_timestamp() + interval '3 seconds'`;
export const LEASE_RENEWAL_MS = 1000;

export interface ClaimRequest {
  readonly owner: string;
  readonly limit: number;
  /** files that this process is working on: a lease that ran out while the machine slept must not be taken over from itself */
  readonly inFlight: readonly number[];
  /** only these files, for a process that loads what it was told and nothing else */
  readonly only?: readonly number[];
}

/** Takes up to `limit` files that are due, oldest first: waiting ones, and those whose owner is gone. */
export async function claimFiles(database: Queryable, request: ClaimRequest): Promise<SourceFileRow[]> {
  const due = or(
    and(eq(sourceFiles.status, 'queued'), lte(sourceFiles.availableAt, sql`now()`)),
    and(eq(sourceFiles.status, 'loading'), lt(sourceFiles.leaseUntil, sql`now()`)),
  );
  // A file named on a command line may not exist here, and would be failed and its rows taken out: it waits for a
  // process that was told that very file.
  const reachable =
    request.only === undefined
      ? or(ne(sourceFiles.origin, 'cli'), isNull(sourceFiles.claimedBy), eq(sourceFiles.claimedBy, request.owner))
      : and(
          isOneOf(request.only),
          or(
            ne(sourceFiles.origin, 'cli'),
            eq(sourceFiles.claimedBy, request.owner),
            lt(sourceFiles.leaseUntil, sql`now()`),
          ),
        );
  const next = database
    .select({ fileId: sourceFiles.fileId })
    .from(sourceFiles)
    .where(
      and(
        due,
        reachable,
        request.inFlight.length > 0 ? notInArray(sourceFiles.fileId, [...request.inFlight]) : undefined,
      ),
    )
    .orderBy(asc(sourceFiles.availableAt), asc(sourceFiles.fileId))
    .limit(request.limit)
    .for('update', { skipLocked: true });
  return await database
    .update(sourceFiles)
    .set({
      status: 'loading',
      attempts: sql`${sourceFiles.attempts} + 1`,
      claimedBy: request.owner,
      leaseUntil: LEASE,
      startedAt: sql`coalesce(${sourceFiles.startedAt}, clock_timestamp())`,
      updatedAt: sql`clock_timestamp()`,
    })
    // array(…) runs the locking subquery exactly once; a plain `in` may be planned as a loop that locks more than the limit.
    .where(sql`${sourceFiles.fileId} = any(array(${next}))`)
    .returning();
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
