import { type SQL, sql } from 'drizzle-orm';

/** Whose rows are not in `user_events`, whatever they once were. */
const WITHOUT_ROWS = sql`('failed', 'duplicate', 'held', 'reverted')`;

/**
 * What has to be equal for each file, as a query of what, file_id, detail, expected, found: what the ledger says, and what the tables
 * hold. Needs `file`, `event`, `reason`, `closed`, `closing` and `line` as `fileCounts` makes them.
 *
 * Nothing is said of corrected rejects that are no longer among the rejects: those of a released file are away until it is loaded,
 * and a piece that was taken back stays written down.
 */
export const FILE_FACTS: SQL = sql`
  select 'rows_read, which is rows_loaded and rows_rejected together' as what, file_id, '' as detail,
         rows_loaded + rows_rejected as expected, rows_read as found
    from file
  union all
  select 'rows in user_events', file_id, '', rows_loaded - rows_expired, coalesce(event.rows, 0)
    from file left join event using (file_id) where status not in ${WITHOUT_ROWS}
  union all
  select 'rows in user_events of a file that is ' || status, file_id, '', 0, coalesce(event.rows, 0)
    from file left join event using (file_id) where status in ${WITHOUT_ROWS}
  union all
  select 'rows_loaded of a file that is ' || status, file_id, '', 0, rows_loaded from file where status in ${WITHOUT_ROWS}
  union all
  select 'times that a line is in user_events', file_id, ', line ' || line_number, 1, rows from line
  union all
  select 'rows in rejected_rows', file_id, '', rows_rejected, coalesce(reject.rows, 0)
    from file left join (select file_id, sum(rows)::bigint as rows from reason group by file_id) as reject using (file_id)
  union all
  select 'rows in rejected_rows by rejects_by_reason', file_id, ', ' || reason, coalesce(counted.rows, 0), coalesce(kept.rows, 0)
    from (select file_id, each.key as reason, each.value::bigint as rows
            from file cross join jsonb_each_text(rejects_by_reason) as each) as counted
    full join (select reason.* from reason join file using (file_id)) as kept using (file_id, reason)
  union all
  select 'rows in corrected_rejects by rows_corrected', file_id, '', rows_corrected, coalesce(closed.rows, 0)
    from file left join closed using (file_id)
  union all
  select 'rejects that are closed by a file without rows', file_id, '', 0, closing.rows
    from closing left join source_files as closer using (file_id) where closer.status is null or closer.status in ${WITHOUT_ROWS}
  union all
  select 'rows in user_events of a file that the ledger does not have', file_id, '', 0, event.rows
    from event where file_id is not null and file_id not in (select file_id from file)
  union all
  select 'rows in rejected_rows of a file that the ledger does not have', file_id, '', 0, sum(reason.rows)::bigint
    from reason where file_id not in (select file_id from file) group by file_id`;

/**
 * The tables, counted by file, as far as `FILE_FACTS` needs them: of all files, or of one of them. Lines are looked at 32 at a time, each
 * a bit: where the sum of the bits is not their union, one of the lines is there twice. To group by the line itself takes three times as
 * long, and for a hundred million of them gigabytes.
 */
export function fileCounts(only: number | undefined): SQL {
  const asked = (column: SQL) => (only === undefined ? sql`true` : sql`${column} = ${only}`);
  const isAsked = asked(sql`file_id`);
  const bit = sql`1::bigint << (line_number & 31)::integer`;
  return sql`
    file as (select * from source_files where ${isAsked}),
    block as materialized (
      select file_id, line_number >> 5 as block, count(*) as rows, sum(${bit}) <> bit_or(${bit}) as has_twins
        from user_events where ${isAsked} group by 1, 2
    ),
    event as (select file_id, sum(rows)::bigint as rows from block group by file_id),
    line as (
      select file_id, line_number, count(*) as rows from user_events
       where exists (select from block where has_twins)
         and (file_id, line_number >> 5) in (select file_id, block from block where has_twins) and ${isAsked}
       group by file_id, line_number having count(*) > 1
    ),
    reason as (select file_id, reason, count(*) as rows from rejected_rows where ${isAsked} group by file_id, reason),
    closed as (
      select file_id, count(*) as rows from corrected_rejects where not is_piece and ${isAsked} group by file_id
    ),
    closing as (
      select corrected_by as file_id, count(*) as rows from corrected_rejects
       where ${asked(sql`corrected_by`)} group by corrected_by
    )`;
}
