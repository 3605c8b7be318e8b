import { eq, getTableColumns, sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import { type SourceFileRow, sourceFiles } from '../../database/schema.ts';
import type { RejectRoot } from './record-corrections.ts';

/**
 * Takes back that a file has corrected rejects of other files, because its rows are being taken out: those rejects are open
 * again, and the files that they belong to count them no longer. Whoever removes rows of a file calls it in the same
 * transaction; for a file that has corrected nothing it is one look into an index. `only`: of this chain of rejects.
 * Answers with the files that they belong to.
 */
export async function withdrawCorrections(
  transaction: Queryable,
  fileId: number,
  only?: RejectRoot,
): Promise<SourceFileRow[]> {
  const isMade =
    only === undefined ? sql`corrected_by = ${fileId}` : sql`corrected_by = ${fileId} and (${isOfChain(only)})`;
  // In one order, so that two of them never wait for each other.
  await transaction.execute(sql`
    select from source_files
     where file_id in (select file_id from corrected_rejects where ${isMade})
     order by file_id for no key update`);
  const { rows } = await transaction.execute<{ file_id: string; rejects: string }>(sql`
    with withdrawn as (
      delete from corrected_rejects where ${isMade} returning file_id, is_piece
    )
    select file_id, count(*) filter (where not is_piece) as rejects from withdrawn group by file_id`);
  if (rows.length === 0) return [];
  const counted = sql`unnest(${sql.param(rows.map((row) => row.file_id))}::bigint[],
                             ${sql.param(rows.map((row) => row.rejects))}::bigint[]) as counted (file_id, rejects)`;
  return await transaction
    .update(sourceFiles)
    .set({ rowsCorrected: sql`${sourceFiles.rowsCorrected} - counted.rejects`, updatedAt: sql`clock_timestamp()` })
    .from(counted)
    .where(eq(sourceFiles.fileId, sql`counted.file_id`))
    .returning(getTableColumns(sourceFiles));
}

function isOfChain({ fileId, line }: RejectRoot) {
  return sql`(file_id, line_number) = (${fileId}, ${line})
          or (file_id, line_number) in (select member.file_id, member.line_number from rejected_rows as member
                                         where member.root_file_id = ${fileId} and member.root_line = ${line})`;
}

/**
 * Forgets which rejects of a file were corrected, because other bytes take the place of those that they stood in: what is
 * rejected on the same line from now on is another row, and may be corrected in its turn.
 */
export async function forgetCorrected(transaction: Queryable, fileId: number): Promise<void> {
  // One statement: it may be a transaction of its own, and nobody may see the one without the other.
  await transaction.execute(sql`
    with forgotten as (delete from corrected_rejects where file_id = ${fileId})
    update source_files set rows_corrected = 0 where file_id = ${fileId} and rows_corrected > 0`);
}
