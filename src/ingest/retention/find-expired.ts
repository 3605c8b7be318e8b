import { type SQL, sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';

export interface RetentionBounds {
  readonly days: number;
  /** how many events one search looks for */
  readonly searched: number;
  /** of them, in one transaction; more only where one user has more events at one instant */
  readonly perStep: number;
}

/** The oldest events that have expired. */
export interface ExpiredEvents {
  /** they are older than the beginning of this day in UTC, `2026-03-01` */
  readonly before: string;
  readonly count: number;
  /** where they lie, a step each, oldest first: arrays of `ctid`, as PostgreSQL writes them */
  readonly steps: readonly string[];
}

/** Enough to keep the oldest of any number in memory, which else were sorted on disk as a whole. */
const WORK_MEM = '64MB';

/**
 * Looks for the oldest events before the day that lies `days` days back, by the clock of the database. Those of a file that is still
 * being loaded, or waits to be loaded further, are left until it is; a file of any other state has none, as `npm run verify` checks. Oldest first, so that whoever loses an event hardly ever loses
 * the latest one while others remain, which would have to be searched; and the events of a user at one instant together, for the same reason.
 */
export async function findExpired(
  transaction: Queryable,
  { days, searched, perStep }: RetentionBounds,
): Promise<ExpiredEvents> {
  const before = await firstKeptDay(transaction, days);
  await transaction.execute(sql`
    select set_config('work_mem', ${WORK_MEM}, true) where pg_size_bytes(current_setting('work_mem')) < pg_size_bytes(${WORK_MEM})`);
  const { rows } = await transaction.execute<{ places: string; count: number }>(sql`
    with oldest as (
      select ctid, event_timestamp, user_id
        from user_events as event
       where ${isBefore(before)}
         and not exists (select from source_files as file
                          where file.file_id = event.file_id and file.status <> 'loaded')
       order by event_timestamp, user_id collate "C"
       limit ${searched}
    ),
    placed as (
      select ctid, (rank() over (order by event_timestamp, user_id collate "C") - 1) / ${perStep}::bigint as step from oldest
    )
    select array_agg(ctid)::text as places, count(*)::float8 as count from placed group by step order by step`);
  return { before, count: rows.reduce((sum, { count }) => sum + count, 0), steps: rows.map(({ places }) => places) };
}

/** A condition on `event_timestamp`; `day` as in ExpiredEvents. */
export function isBefore(day: string): SQL {
  return sql`event_timestamp < (${day}::date::timestamp at time zone 'UTC')`;
}

async function firstKeptDay(transaction: Queryable, days: number): Promise<string> {
  const { rows } = await transaction.execute<{ day: string }>(
    sql`select to_char(clock_timestamp() at time zone 'UTC' - make_interval(days => ${days}), 'YYYY-MM-DD') as day`,
  );
  return rows[0]?.day ?? '-infinity';
}
