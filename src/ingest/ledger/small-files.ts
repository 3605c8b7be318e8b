import { and, eq, getTableColumns, sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import { type SourceFileRow, sourceFiles } from '../../database/schema.ts';
import type { Claim } from './claim-files.ts';

/** A claimed file, and what its bytes are. */
export interface ClaimedContent {
  readonly file: Pick<SourceFileRow, 'fileId' | 'attempts' | 'path'>;
  readonly sha256: string;
}

/**
 * Which of the files have a past that decides how they are loaded: other versions of their path, rows of the same bytes
 * or of their own, or another attempt that has taken them over. Answers with their ids.
 */
export async function findWithPast(database: Queryable, contents: readonly ClaimedContent[]): Promise<Set<number>> {
  const { rows } = await database.execute<{ file_id: string }>(sql`
    select claimed.file_id
      from unnest(
             ${sql.param(contents.map(({ file }) => file.fileId))}::bigint[],
             ${sql.param(contents.map(({ file }) => file.attempts))}::int[],
             ${sql.param(contents.map(({ file }) => file.path))}::text[],
             ${sql.param(contents.map(({ sha256 }) => sha256))}::text[]
           ) as claimed (file_id, attempts, path, sha256)
     where exists (select 1 from source_files as earlier
                    where earlier.path = claimed.path and earlier.file_id <> claimed.file_id
                      and earlier.status in ('loaded', 'duplicate', 'held', 'reverted'))
        or exists (select 1 from source_files as twin
                    where twin.sha256 = claimed.sha256 and twin.file_id <> claimed.file_id
                      and (twin.status = 'loaded' or twin.text_offset > 0))
        or not exists (select 1 from source_files as held
                        where held.file_id = claimed.file_id and held.attempts = claimed.attempts
                          and held.status = 'loading' and held.text_offset = 0)`);
  return new Set(rows.map(({ file_id }) => Number(file_id)));
}

/** What the only commit of a small file writes into its ledger row. */
export interface SmallFileCommit extends Claim {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly fingerprint: string;
  readonly rowsRead: number;
  readonly rowsLoaded: number;
  readonly rowsRejected: number;
  readonly rejectsByReason: Readonly<Record<string, number>>;
  readonly ignoredColumns: readonly string[];
  readonly headerColumns: readonly string[] | null;
  readonly delimiter: string;
  readonly committedOffset: number;
  readonly committedLine: number;
  readonly tailOffset: number | null;
  readonly tailLine: number | null;
}

/**
 * Ends claimed files as loaded of which nothing was committed before, all in one statement. Those that another attempt
 * has taken over are missing from the answer: the caller must roll back then.
 */
export async function markLoaded(
  transaction: Queryable,
  commits: readonly SmallFileCommit[],
): Promise<SourceFileRow[]> {
  // What must still be so comes as a column, not as a constant: by `status = 'loading'` the planner takes the few files
  // that load for one, and compares each row of the ledger with each of the portion.
  const rows = commits.map((commit) => ({ ...commit, status: 'loading', offset: 0 }));
  const whole = sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as whole (
    "fileId" bigint, attempts int, status text, "offset" bigint, sha256 text, "sizeBytes" bigint, fingerprint text, "rowsRead" bigint,
    "rowsLoaded" bigint, "rowsRejected" bigint, "rejectsByReason" jsonb, "ignoredColumns" text[], "headerColumns" text[], delimiter text,
    "committedOffset" bigint, "committedLine" bigint, "tailOffset" bigint, "tailLine" bigint)`;
  return await transaction
    .update(sourceFiles)
    .set({
      status: 'loaded',
      sha256: sql`whole.sha256`,
      sizeBytes: sql`whole."sizeBytes"`,
      fingerprint: sql`whole.fingerprint`,
      rowsRead: sql`whole."rowsRead"`,
      rowsLoaded: sql`whole."rowsLoaded"`,
      rowsRejected: sql`whole."rowsRejected"`,
      rejectsByReason: sql`whole."rejectsByReason"`,
      ignoredColumns: sql`whole."ignoredColumns"`,
      headerColumns: sql`whole."headerColumns"`,
      delimiter: sql`whole.delimiter`,
      bytesCommitted: sql`whole."sizeBytes"`,
      committedOffset: sql`whole."committedOffset"`,
      committedLine: sql`whole."committedLine"`,
      tailOffset: sql`whole."tailOffset"`,
      tailLine: sql`whole."tailLine"`,
      finishedAt: sql`clock_timestamp()`,
      updatedAt: sql`clock_timestamp()`,
    })
    .from(whole)
    .where(
      and(
        eq(sourceFiles.fileId, sql`whole."fileId"`),
        eq(sourceFiles.attempts, sql`whole.attempts`),
        eq(sourceFiles.status, sql`whole.status`),
        eq(sourceFiles.committedOffset, sql`whole."offset"`),
      ),
    )
    .returning(getTableColumns(sourceFiles));
}
