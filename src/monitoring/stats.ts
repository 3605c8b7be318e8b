import { sql } from 'drizzle-orm';
import type { Queryable } from '../database/client.ts';
import { FILE_STATUSES, type FileStatus } from '../database/schema.ts';

const RECENT_SECONDS = 60;
/** Latency is that of the last so many loaded files. */
const RECENT_FILES = 500;

export interface LedgerStats {
  readonly files: Record<FileStatus, number>;
  readonly rows: { readonly read: number; readonly loaded: number; readonly rejected: number };
  readonly rejectsByReason: Record<string, number>;
  readonly throughput: { readonly rowsPerSecond: number; readonly bytesPerSecond: number };
  readonly lag: { readonly queuedFiles: number; readonly oldestQueuedSeconds: number };
  readonly latency: { readonly p50Ms: number; readonly p95Ms: number };
  readonly lastLoadedAt: string | null;
}

interface StatsRow extends Record<string, unknown> {
  files: Partial<Record<FileStatus, number>> | null;
  rows_read: string;
  rows_loaded: string;
  rows_rejected: string;
  rejects: Record<string, number> | null;
  recent_rows: number;
  recent_bytes: number;
  oldest_seconds: number | null;
  p50: number | null;
  p95: number | null;
  last_loaded: Date | string | null;
}

/**
 * Totals, rates, lag and latency of all replicas in one snapshot of the ledger. A rate counts each file's rows with
 * the share of its loading time that lies within the last 60 seconds.
 */
export async function readStats(database: Queryable): Promise<LedgerStats> {
  const { rows } = await database.execute<StatsRow>(sql`
    with by_status as (
      select status, count(*)::int as files, sum(rows_read) as read, sum(rows_loaded) as loaded, sum(rows_rejected) as rejected
        from source_files group by status
    ), reasons as (
      select key as reason, sum(value::bigint)::float8 as rows
        from source_files, jsonb_each_text(rejects_by_reason) where rows_rejected > 0 group by key
    ), recent as (
      select rows_read, bytes_committed,
             greatest(extract(epoch from coalesce(finished_at, clock_timestamp()) - greatest(started_at, clock_timestamp() - ${RECENT_SECONDS} * interval '1 second')), 0.001)
             / greatest(extract(epoch from coalesce(finished_at, clock_timestamp()) - started_at), 0.001) as share
        from source_files
       where rows_read > 0 and (status in ('queued', 'loading') or finished_at > clock_timestamp() - ${RECENT_SECONDS} * interval '1 second')
    ), latest as (
      select extract(epoch from finished_at - discovered_at) * 1000 as ms, finished_at
        from source_files where status = 'loaded' order by finished_at desc limit ${RECENT_FILES}
    )
    select (select jsonb_object_agg(status, files) from by_status) as files,
           (select coalesce(sum(read), 0) from by_status) as rows_read,
           (select coalesce(sum(loaded), 0) from by_status) as rows_loaded,
           (select coalesce(sum(rejected), 0) from by_status) as rows_rejected,
           (select jsonb_object_agg(reason, rows) from reasons) as rejects,
           (select coalesce(sum(rows_read * share), 0)::float8 from recent) as recent_rows,
           (select coalesce(sum(bytes_committed * share), 0)::float8 from recent) as recent_bytes,
           (select extract(epoch from clock_timestamp() - min(discovered_at))::float8 from source_files where status = 'queued') as oldest_seconds,
           (select percentile_cont(0.5) within group (order by ms)::float8 from latest) as p50,
           (select percentile_cont(0.95) within group (order by ms)::float8 from latest) as p95,
           (select max(finished_at) from latest) as last_loaded`);
  const [row] = rows;
  if (row === undefined) throw new TypeError('an aggregate query answered without a row');
  const files = Object.fromEntries(FILE_STATUSES.map((status) => [status, row.files?.[status] ?? 0])) as Record<
    FileStatus,
    number
  >;
  return {
    files,
    rows: { read: Number(row.rows_read), loaded: Number(row.rows_loaded), rejected: Number(row.rows_rejected) },
    rejectsByReason: row.rejects ?? {},
    throughput: {
      rowsPerSecond: Math.round(row.recent_rows / RECENT_SECONDS),
      bytesPerSecond: Math.round(row.recent_bytes / RECENT_SECONDS),
    },
    lag: {
      queuedFiles: files.queued,
      oldestQueuedSeconds: Math.max(0, Math.round((row.oldest_seconds ?? 0) * 10) / 10),
    },
    latency: { p50Ms: Math.round(row.p50 ?? 0), p95Ms: Math.round(row.p95 ?? 0) },
    lastLoadedAt: row.last_loaded === null ? null : new Date(row.last_loaded).toISOString(),
  };
}
