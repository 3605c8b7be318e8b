import { and, desc, eq, getTableColumns, inArray, ne, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { Queryable } from '../../database/client.ts';
import { type SourceFileRow, sourceFiles } from '../../database/schema.ts';
import { isOneOf } from './claim-files.ts';

/** An appended file continues one of the last so many versions of its path. */
const EARLIER_VERSIONS = 100;

/** The file that has committed rows of exactly these bytes, if any. */
export async function findByContent(
  database: Queryable,
  sha256: string,
  exceptFileId: number,
): Promise<SourceFileRow | undefined> {
  const [file] = await database
    .select()
    .from(sourceFiles)
    .where(
      and(
        eq(sourceFiles.sha256, sha256),
        sql`(${sourceFiles.status} = 'loaded' or ${sourceFiles.committedOffset} > 0)`,
        sql`${sourceFiles.fileId} <> ${exceptFileId}`,
      ),
    )
    .limit(1);
  return file;
}

/** Whether rows of another file of this size are committed: if not, no file with these very bytes is. */
export async function isSizeCommitted(
  database: Queryable,
  file: Pick<SourceFileRow, 'fileId' | 'sizeBytes'>,
): Promise<boolean> {
  const rows = await database
    .select({ fileId: sourceFiles.fileId })
    .from(sourceFiles)
    .where(
      and(
        eq(sourceFiles.sizeBytes, file.sizeBytes),
        sql`(${sourceFiles.status} = 'loaded' or ${sourceFiles.committedOffset} > 0)`,
        ne(sourceFiles.fileId, file.fileId),
      ),
    )
    .limit(1);
  return rows.length > 0;
}

/**
 * The loaded files that hold the bytes for which the path has stood before, the version that finished last first. By their
 * content: of a version that was a duplicate, or whose rows were taken out, another file may hold the rows by now, or none.
 * Not by id: the retry of an old version may finish after a newer one.
 */
export async function findEarlierVersions(
  database: Queryable,
  file: Pick<SourceFileRow, 'path' | 'fileId'>,
): Promise<SourceFileRow[]> {
  const version = alias(sourceFiles, 'version');
  return await database
    .select(getTableColumns(sourceFiles))
    .from(version)
    .innerJoin(sourceFiles, and(eq(sourceFiles.sha256, version.sha256), eq(sourceFiles.status, 'loaded')))
    .where(
      and(
        eq(version.path, file.path),
        inArray(version.status, ['loaded', 'duplicate', 'held', 'reverted']),
        ne(version.fileId, file.fileId),
      ),
    )
    .orderBy(desc(version.finishedAt), desc(version.fileId))
    .limit(EARLIER_VERSIONS);
}

/** Files by id, in no order. */
export async function findFiles(database: Queryable, fileIds: readonly number[]): Promise<SourceFileRow[]> {
  if (fileIds.length === 0) return [];
  return await database.select().from(sourceFiles).where(isOneOf(fileIds));
}
