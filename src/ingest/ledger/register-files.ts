import { and, eq, getTableColumns, inArray, or, sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import { type FileOrigin, type SourceFileRow, sourceFiles } from '../../database/schema.ts';
import { inTransaction } from '../../database/transaction.ts';
import type { FileErrorCode } from '../file-error.ts';
import { isOneOf, LEASE } from './claim-files.ts';

/** A version of a file as a source saw it. */
export interface FileVersion {
  readonly name: string;
  readonly path: string;
  readonly origin: FileOrigin;
  readonly sizeBytes: number;
  readonly fingerprint: string;
  readonly sha256?: string;
  /** set where the source itself knows that the file can never be read: it is registered as failed */
  readonly error?: { readonly code: FileErrorCode; readonly message: string };
  /** above this share of rejects the file is held; not set: as the service is configured */
  readonly maxRejectPercent?: number;
  /** set by a process that will load the file itself: others leave it alone while that process lives */
  readonly reservedFor?: string;
}

export interface RegisteredFile {
  readonly file: SourceFileRow;
  /** false where the ledger knew this version already, or the path is still waiting or loading */
  readonly isNew: boolean;
}

/** A file that could not be read is tried again so often when it is seen again. */
const MAX_UNREADABLE = 5;
/** Arbitrary but fixed; one lock for all registrations of a database. */
const REGISTRATION_LOCK = 0x736c7563_0001n;

/**
 * Serialises registrations until the end of the transaction: two replicas that see the same new file at the same
 * time, or a watcher that sees an upload arrive, must find each other's row rather than write a second one.
 */
export async function lockRegistration(transaction: Queryable): Promise<void> {
  // A process that freezes while it holds the lock must not hold up everybody else's registrations.
  await transaction.execute(sql`
    select set_config('lock_timeout', '10s', true), set_config('statement_timeout', '15s', true),
           set_config('idle_in_transaction_session_timeout', '10s', true)`);
  await transaction.execute(sql`select pg_advisory_xact_lock(${REGISTRATION_LOCK}::bigint)`);
}

/** Puts versions of files into the ledger, each path once; answers in the order of `versions`. */
export async function registerFiles(database: Queryable, versions: readonly FileVersion[]): Promise<RegisteredFile[]> {
  if (versions.length === 0) return [];
  return await inTransaction(database, async (transaction) => {
    await lockRegistration(transaction);
    const known = await findKnown(transaction, versions);
    const reopened = await reopenUnreadable(transaction, versions, known);
    // By path, since a path named twice would be open twice, and all of the versions be refused.
    const fresh = new Map(
      versions.filter((version) => !known.has(versionKey(version))).map((version) => [version.path, version]),
    );
    const inserted = fresh.size === 0 ? [] : await insertFiles(transaction, [...fresh.values()]);
    const added = new Map(inserted.map((file) => [file.path, file]));
    return versions.flatMap((version): RegisteredFile[] => {
      const old = known.get(versionKey(version));
      const again = old === undefined ? undefined : reopened.get(old.fileId);
      if (again !== undefined) return [{ file: again, isNew: true }];
      if (old !== undefined) return [{ file: old, isNew: false }];
      const file = added.get(version.path);
      return file === undefined ? [] : [{ file, isNew: true }];
    });
  });
}

/**
 * Writes ledger rows; the caller holds the registration lock and has seen that none of the paths is open. The values go
 * as one parameter: as a list of columns for each of hundreds of files, the statement took longer to build than to run.
 */
export async function insertFiles(transaction: Queryable, versions: readonly FileVersion[]): Promise<SourceFileRow[]> {
  const inserted = transaction.$with('inserted', getTableColumns(sourceFiles)).as(sql`
    insert into source_files (name, path, origin, size_bytes, fingerprint, sha256, claimed_by, lease_until, max_reject_percent, status,
                              error_code, error_message, finished_at)
    select name, path, origin, "sizeBytes", fingerprint, sha256, "reservedFor",
           case when "reservedFor" is not null then ${LEASE} end, "maxRejectPercent",
           case when error is null then 'queued' else 'failed' end, error->>'code', error->>'message',
           case when error is not null then clock_timestamp() end
      from jsonb_to_recordset(${JSON.stringify(versions)}::jsonb) as version (
             name text, path text, origin text, "sizeBytes" bigint, fingerprint text, sha256 text, "reservedFor" text,
             "maxRejectPercent" float8, error jsonb)
    returning *`);
  return await transaction.with(inserted).select().from(inserted);
}

/**
 * A file that could not be read and is seen again, unchanged, may be readable now: moved away and back, or its
 * permissions mended, which no size or time tells. It is tried again a bounded number of times.
 */
async function reopenUnreadable(
  transaction: Queryable,
  versions: readonly FileVersion[],
  known: ReadonlyMap<string, SourceFileRow>,
): Promise<Map<number, SourceFileRow>> {
  const seenAgain = versions.flatMap((version) => {
    const file = known.get(versionKey(version));
    const isReopened = version.error === undefined && file?.status === 'failed' && file.errorCode === 'unreadable';
    return isReopened && file.failures < MAX_UNREADABLE ? [file.fileId] : [];
  });
  if (seenAgain.length === 0) return new Map();
  const reopened = await transaction
    .update(sourceFiles)
    .set({
      status: 'queued',
      failures: sql`${sourceFiles.failures} + 1`,
      errorCode: null,
      errorMessage: null,
      finishedAt: null,
      availableAt: sql`clock_timestamp()`,
      updatedAt: sql`clock_timestamp()`,
    })
    .where(inArray(sourceFiles.fileId, seenAgain))
    .returning();
  return new Map(reopened.map((file) => [file.fileId, file]));
}

function versionKey(version: { readonly path: string; readonly fingerprint: string }): string {
  return `${version.fingerprint} ${version.path}`;
}

async function findKnown(
  transaction: Queryable,
  versions: readonly FileVersion[],
): Promise<Map<string, SourceFileRow>> {
  const paths = versions.map((version) => version.path);
  const fingerprints = versions.map((version) => version.fingerprint);
  const rows = await transaction
    .select()
    .from(sourceFiles)
    .where(
      and(
        sql`${sourceFiles.path} = any(${sql.param(paths)}::text[])`,
        or(
          inArray(sourceFiles.status, ['queued', 'loading']),
          sql`${sourceFiles.fingerprint} = any(${sql.param(fingerprints)}::text[])`,
        ),
      ),
    );
  const openByPath = new Map(
    rows.filter((row) => row.status === 'queued' || row.status === 'loading').map((row) => [row.path, row]),
  );
  // The newest of equal versions: what was taken out may have been loaded again since.
  const byVersion = new Map(rows.sort((a, b) => a.fileId - b.fileId).map((row) => [versionKey(row), row]));
  const reverted = await findReverted(transaction, versions, byVersion);
  const known = new Map<string, SourceFileRow>();
  for (const version of versions) {
    // A file that is still waiting or loading notices by itself that it has changed.
    const row = openByPath.get(version.path) ?? byVersion.get(versionKey(version));
    if (row !== undefined && !reverted.has(row.fileId)) known.set(versionKey(version), row);
  }
  return known;
}

/**
 * Ids of files whose rows somebody has taken out, or of duplicates of such files. A scan, which sees them again and again,
 * leaves them alone; who names the file once more, on a command line, wants it loaded.
 */
async function findReverted(
  transaction: Queryable,
  versions: readonly FileVersion[],
  known: ReadonlyMap<string, SourceFileRow>,
): Promise<Set<number>> {
  const named = versions.flatMap((version) => {
    const row = version.reservedFor === undefined ? undefined : known.get(versionKey(version));
    return row === undefined ? [] : [row];
  });
  const holders = named.flatMap(({ duplicateOf }) => duplicateOf ?? []);
  const gone =
    holders.length === 0
      ? []
      : await transaction
          .select({ fileId: sourceFiles.fileId })
          .from(sourceFiles)
          .where(and(isOneOf(holders), eq(sourceFiles.status, 'reverted')));
  const goneIds = new Set(gone.map(({ fileId }) => fileId));
  const isReverted = ({ status, duplicateOf }: SourceFileRow) =>
    status === 'reverted' || (duplicateOf !== null && goneIds.has(duplicateOf));
  return new Set(named.filter(isReverted).map(({ fileId }) => fileId));
}

/** Whether a ledger row for the path still waits or loads. */
export async function isPathOpen(transaction: Queryable, path: string): Promise<boolean> {
  const rows = await transaction
    .select({ fileId: sourceFiles.fileId })
    .from(sourceFiles)
    .where(and(eq(sourceFiles.path, path), inArray(sourceFiles.status, ['queued', 'loading'])))
    .limit(1);
  return rows.length > 0;
}
