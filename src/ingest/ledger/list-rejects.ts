import { and, asc, eq, getTableColumns, gt, sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import { rejectedRows } from '../../database/schema.ts';
import { inTransaction } from '../../database/transaction.ts';
import type { RejectReason } from '../reject-reason.ts';

export type RejectedRow = typeof rejectedRows.$inferSelect & {
  /** the file with the row that has been loaded in its place */
  readonly correctedBy: number | null;
};

export interface RejectFilter {
  readonly reason?: RejectReason | undefined;
  /** only those that have come back corrected, or only the others */
  readonly corrected?: boolean | undefined;
}

/** A value and no join: looked up for each row as it is read, however many there are. */
const CORRECTED_BY = sql<number | null>`(
  select corrected.corrected_by from corrected_rejects as corrected
   where corrected.file_id = rejected_rows.file_id and corrected.line_number = rejected_rows.line_number)`.mapWith(
  Number,
);

/** A file's rejected rows in the order of their lines. */
export async function listRejects(
  database: Queryable,
  query: RejectFilter & { readonly fileId: number; readonly afterLine?: number | undefined; readonly limit: number },
): Promise<RejectedRow[]> {
  return await inTransaction(database, async (transaction) => {
    // Of a table that was never analysed the server expects a few rows, and for each page would read and sort all that follow it.
    await transaction.execute(sql`select set_config('enable_sort', 'off', true)`);
    return await transaction
      .select({ ...getTableColumns(rejectedRows), correctedBy: CORRECTED_BY })
      .from(rejectedRows)
      .where(
        and(
          eq(rejectedRows.fileId, query.fileId),
          query.reason === undefined ? undefined : eq(rejectedRows.reason, query.reason),
          query.corrected === undefined ? undefined : sql`(${CORRECTED_BY} is not null) = ${query.corrected}`,
          query.afterLine === undefined ? undefined : gt(rejectedRows.lineNumber, query.afterLine),
        ),
      )
      .orderBy(asc(rejectedRows.lineNumber))
      .limit(query.limit);
  });
}
