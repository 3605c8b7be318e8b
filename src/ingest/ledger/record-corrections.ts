import { sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import { RowsGoneError } from './keep-loaded.ts';

/** The first reject of a chain. */
export interface RejectRoot {
  readonly fileId: number;
  readonly line: number;
}

/** What the rows of one commit do to the rejects that they are meant to correct. */
export interface CorrectionCommit {
  readonly correctedBy: number;
  /** of the rows that are loaded, each once */
  readonly loaded: readonly RejectRoot[];
  /** files with chains of which another row is rejected */
  readonly rejectedFiles: readonly number[];
  /** rejects of this commit are on this line or below it */
  readonly fromLine: number;
}

/**
 * Closes the chains of the loaded rows, and for each file that a reject of them belongs to counts it. The rows of the file itself
 * must be there already.
 * @throws RowsGoneError where another file is changing the same rejects; what a violation of the primary key of `corrected_rejects` throws, where another file has corrected one of them: then
 *   its row must not be loaded
 */
export async function recordCorrections(transaction: Queryable, commit: CorrectionCommit): Promise<void> {
  const { correctedBy, loaded, fromLine } = commit;
  const roots = sql`unnest(${sql.param(loaded.map(({ fileId }) => fileId))}::bigint[],
                           ${sql.param(loaded.map(({ line }) => line))}::bigint[]) as root (file_id, line)`;
  const members = sql`${roots} join rejected_rows as member on member.root_file_id = root.file_id
                                and member.root_line = root.line and member.root_file_id is not null`;
  // One at a time for each file that is corrected: else of two files with rows of the same chain, one loaded and one rejected,
  // neither would see what the other does. It never waits: the other may be taking rows out, which lasts, and would wait for this one.
  const concerned = sql`
    select unnest(${sql.param(commit.rejectedFiles)}::bigint[]) as file_id
     union select root.file_id from ${roots}
     union select member.file_id from ${members}`;
  const { rows } = await transaction.execute<{ missing: string }>(sql`
    with concerned as (${concerned}), locked as (
      select file_id from source_files where file_id in (select file_id from concerned) for no key update skip locked
    )
    select file_id as missing from concerned except select file_id from locked`);
  const [busy] = rows;
  if (busy !== undefined) throw new RowsGoneError(Number(busy.missing));
  await transaction.execute(
    counting(sql`
      roots as (
        insert into corrected_rejects (file_id, line_number, corrected_by)
        select root.file_id, root.line, ${correctedBy}::bigint from ${roots} returning file_id
      ), members as (
        insert into corrected_rejects (file_id, line_number, corrected_by)
        select member.file_id, member.line_number, ${correctedBy}::bigint from ${members}
            on conflict do nothing returning file_id
      ), closed as (select file_id from roots union all select file_id from members)`),
  );
  // A row that comes too late is rejected, and its reject is as closed as the one that it was meant to correct.
  await transaction.execute(
    counting(sql`
      closed as (
        insert into corrected_rejects (file_id, line_number, corrected_by)
        select late.file_id, late.line_number, corrected.corrected_by
          from rejected_rows as late
          join corrected_rejects as corrected
            on corrected.file_id = late.root_file_id and corrected.line_number = late.root_line
         where late.file_id = ${correctedBy} and late.line_number >= ${fromLine} and late.root_file_id is not null
            on conflict do nothing returning file_id
      )`),
  );
}

function counting(closed: ReturnType<typeof sql>) {
  return sql`
    with ${closed}, counted as (select file_id, count(*) as rejects from closed group by file_id)
    update source_files
       set rows_corrected = rows_corrected + counted.rejects, updated_at = clock_timestamp()
      from counted where source_files.file_id = counted.file_id`;
}
