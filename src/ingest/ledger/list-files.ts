import { and, desc, eq, lt, sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import { type FileStatus, type SourceFileRow, sourceFiles } from '../../database/schema.ts';

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
