import { sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import { removeEvents, settleRemovals } from '../totals/remove-events.ts';
import { type ExpiredEvents, isBefore } from './find-expired.ts';

/**
 * Takes one step of expired events out of the table and of the views, and counts them in the ledger, in this transaction. Answers with how
 * many there were. Where they lie is only where they lay: each row is looked at again, since the search is over and something
 * else may stand there now. The ledger rows are locked first, and passed over where somebody has them, so that an undo and this never
 * wait for each other; the lock of the totals is the last one.
 * @throws a lock timeout
 */
export async function dropExpired(
  transaction: Queryable,
  { before, places }: Pick<ExpiredEvents, 'before'> & { readonly places: string },
): Promise<number> {
  const liesThere = sql`user_events.ctid = any(${places}::tid[])`;
  const { rows: locked } = await transaction.execute<{ file_id: string }>(sql`
    select file_id from source_files
     where status = 'loaded' and file_id = any(array(select distinct file_id from user_events where ${liesThere}))
     order by file_id for no key update skip locked`);
  const fileIds = sql`${sql.param(locked.map(({ file_id }) => file_id))}::bigint[]`;
  // Of a writer that is not Sluice, or that has invented a number of a file: nobody counts these.
  const isOfNoFile = sql`(file_id is null or not exists (select from source_files as file where file.file_id = user_events.file_id))`;
  const removed = await removeEvents(
    transaction,
    sql`${liesThere} and ${isBefore(before)} and (file_id = any(${fileIds}) or ${isOfNoFile})`,
  );
  if (removed.rows === 0) return 0;
  const counted = removed.ofFiles.filter(({ fileId }) => fileId !== null);
  await transaction.execute(sql`
    update source_files as file
       set rows_expired = file.rows_expired + expired.rows, updated_at = clock_timestamp()
      from unnest(${sql.param(counted.map(({ fileId }) => fileId))}::bigint[],
                  ${sql.param(counted.map(({ rows }) => rows))}::bigint[]) as expired (file_id, rows)
     where file.file_id = expired.file_id`);
  await settleRemovals(transaction);
  return removed.rows;
}
