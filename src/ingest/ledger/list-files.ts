import { and, asc, desc, eq, getTableColumns, gt, isNotNull, isNull, lt, sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import {
  correctedRejects,
  type FileStatus,
  rejectedRows,
  type SourceFileRow,
  sourceFiles,
} from '../../database/schema.ts';
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

/** Files, newest first. */
export async function listFiles(
  database: Queryable,
  query: {
    readonly status?: FileStatus | undefined;
    readonly name?: string | undefined;
    /** part of the name, in letters of any case */
    readonly search?: string | undefined;
    readonly before?: number | undefined;
    readonly limit: number;
  },
): Promise<SourceFileRow[]> {
  return await database
    .select()
    .from(sourceFiles)
    .where(
      and(
        query.status === undefined ? undefined : eq(sourceFiles.status, query.status),
        query.name === undefined ? undefined : eq(sourceFiles.name, query.name),
        // No pattern, in which some characters would not stand for themselves.
        query.search === undefined ? undefined : sql`strpos(lower(${sourceFiles.name}), lower(${query.search})) > 0`,
        query.before === undefined ? undefined : lt(sourceFiles.fileId, query.before),
      ),
    )
    .orderBy(desc(sourceFiles.fileId))
    .limit(query.limit);
}

/** A file's rejected rows in the order of their lines. */
export async function listRejects(
  database: Queryable,
  query: RejectFilter & { readonly fileId: number; readonly afterLine?: number | undefined; readonly limit: number },
): Promise<RejectedRow[]> {
  return await database
    .select({ ...getTableColumns(rejectedRows), correctedBy: correctedRejects.correctedBy })
    .from(rejectedRows)
    .leftJoin(
      correctedRejects,
      and(eq(correctedRejects.fileId, rejectedRows.fileId), eq(correctedRejects.lineNumber, rejectedRows.lineNumber)),
    )
    .where(
      and(
        eq(rejectedRows.fileId, query.fileId),
        query.reason === undefined ? undefined : eq(rejectedRows.reason, query.reason),
        query.corrected === undefined
          ? undefined
          : (query.corrected ? isNotNull : isNull)(correctedRejects.correctedBy),
        query.afterLine === undefined ? undefined : gt(rejectedRows.lineNumber, query.afterLine),
      ),
    )
    .orderBy(asc(rejectedRows.lineNumber))
    .limit(query.limit);
}
