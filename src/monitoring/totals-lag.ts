import { sql } from 'drizzle-orm';
import type { Queryable } from '../database/client.ts';

/** What the views add up at each look because the folder has not come to it yet. */
export interface TotalsLag {
  /** users and days, of each load one by one */
  readonly pendingRows: number;
  /** for how long the oldest of them has been waiting */
  readonly seconds: number;
}

/** How far the totals of the analytics are behind the events. The views are never behind: they add what is missing. */
export async function readTotalsLag(database: Queryable): Promise<TotalsLag> {
  const { rows } = await database.execute<{ pending: number; seconds: number }>(sql`
    select coalesce(sum(entries), 0)::float8 as pending,
           coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::float8 as seconds
      from (select created_at, entries from user_deltas union all select created_at, entries from purchase_day_deltas) as delta`);
  return { pendingRows: rows[0]?.pending ?? 0, seconds: Math.max(0, rows[0]?.seconds ?? 0) };
}
