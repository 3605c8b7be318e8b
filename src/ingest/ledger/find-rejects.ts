import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import { correctedRejects, rejectedRows, sourceFiles } from '../../database/schema.ts';

/** A reject that a row of a file is meant to correct. */
export interface AddressedReject {
  readonly fileId: number;
  readonly lineNumber: number;
  /** the first one of its chain, which is itself where nobody has tried to correct it */
  readonly rootFileId: number;
  readonly rootLine: number;
  readonly reason: string;
  /** of a row that no column is at fault for: its text, since nothing else tells whether it was changed */
  readonly raw: string | null;
  /** the file that has corrected it */
  readonly correctedBy: number | null;
  /** it is not in its table, but its file is about to be loaded, and may have it then */
  readonly isAwaited: boolean;
}

type FoundReject = {
  file_id: string;
  line_number: string;
  root_file_id: string;
  root_line: string;
  reason: string | null;
  raw: string | null;
  corrected_by: string | null;
  is_awaited: boolean;
};

/** Nobody waits for a file of a command that has ended, and will perhaps never be given again. */
const IS_COMING = sql`status in ('queued', 'loading') and (origin <> 'cli' or lease_until > now() - interval '10 seconds')`;

/**
 * Those of the addresses, all of a few thousand at most, at which there is a reject, was one that has been corrected since, or will
 * perhaps be one: the rejects of a file are away while it is released, or fails and is retried, and those who have them in a spreadsheet go on.
 */
export async function findRejects(
  database: Queryable,
  addresses: readonly { readonly fileId: number; readonly lineNumber: number }[],
): Promise<AddressedReject[]> {
  const { rows } = await database.execute<FoundReject>(sql`
    select address.file_id, address.line as line_number, root.file_id as root_file_id, root.line as root_line, reject.reason,
           case when reject.column_name is null and reject.reason <> 'already_corrected' then reject.raw end as raw,
           corrected.corrected_by, awaited.since is not null as is_awaited
      from unnest(${sql.param(addresses.map(({ fileId }) => fileId))}::bigint[],
                  ${sql.param(addresses.map(({ lineNumber }) => lineNumber))}::bigint[]) as address (file_id, line)
      left join rejected_rows as reject on reject.file_id = address.file_id and reject.line_number = address.line
     cross join lateral (select coalesce(reject.root_file_id, address.file_id) as file_id,
                                coalesce(reject.root_line, address.line) as line) as root
      left join corrected_rejects as corrected
             on corrected.file_id = root.file_id and corrected.line_number = root.line
      left join lateral (select updated_at as since from source_files
                          where reject.file_id is null and corrected.file_id is null
                            and source_files.file_id = address.file_id and ${IS_COMING}) as awaited on true
     where reject.file_id is not null or corrected.file_id is not null or awaited.since is not null`);
  return rows.map((row) => ({
    fileId: Number(row.file_id),
    lineNumber: Number(row.line_number),
    rootFileId: Number(row.root_file_id),
    rootLine: Number(row.root_line),
    reason: row.reason ?? '',
    raw: row.raw,
    correctedBy: row.corrected_by === null ? null : Number(row.corrected_by),
    isAwaited: row.is_awaited,
  }));
}

/** What the ledger keeps of the headers of files. */
export async function findHeaders(database: Queryable, fileIds: readonly number[]) {
  return await database
    .select({
      fileId: sourceFiles.fileId,
      headerColumns: sourceFiles.headerColumns,
      delimiter: sourceFiles.delimiter,
    })
    .from(sourceFiles)
    .where(inArray(sourceFiles.fileId, [...fileIds]));
}

/**
 * Whether a reject has come back corrected that names no other: of a row which does, it is known by that whether it may be
 * loaded.
 */
export async function isCorrectedRoot(
  database: Queryable,
  address: { readonly fileId: number; readonly lineNumber: number },
): Promise<boolean> {
  const { fileId, lineNumber, rootFileId } = rejectedRows;
  const rows = await database
    .select({ lineNumber })
    .from(rejectedRows)
    .innerJoin(correctedRejects, and(eq(correctedRejects.fileId, fileId), eq(correctedRejects.lineNumber, lineNumber)))
    .where(and(eq(fileId, address.fileId), eq(lineNumber, address.lineNumber), isNull(rootFileId)));
  return rows.length > 0;
}

/** Whether a row of a file was rejected. */
export async function isRejected(
  database: Queryable,
  address: { readonly fileId: number; readonly lineNumber: number },
): Promise<boolean> {
  const rows = await database
    .select({ lineNumber: rejectedRows.lineNumber })
    .from(rejectedRows)
    .where(and(eq(rejectedRows.fileId, address.fileId), eq(rejectedRows.lineNumber, address.lineNumber)));
  return rows.length > 0;
}
