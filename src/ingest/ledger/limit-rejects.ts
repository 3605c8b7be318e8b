import { and, inArray, sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import { sourceFiles } from '../../database/schema.ts';

/**
 * Gives files that were known already, and that nobody is loading at the moment, another limit for their rejects, in percent. It holds from
 * their next attempt on, also for rows that an earlier one has committed.
 */
export async function limitRejects(
  database: Queryable,
  fileIds: readonly number[],
  maxRejectPercent: number,
): Promise<void> {
  if (fileIds.length === 0) return;
  await database
    .update(sourceFiles)
    .set({ maxRejectPercent, updatedAt: sql`clock_timestamp()` })
    .where(
      and(
        inArray(sourceFiles.fileId, [...fileIds]),
        sql`(status in ('queued', 'failed') or (status = 'loading' and lease_until < clock_timestamp()))`,
      ),
    );
}
