import { and, eq, inArray } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import { sourceFiles } from '../../database/schema.ts';

/** The loaded files that hold these very bytes: by sha256 their id. */
export async function findLoadedContents(
  database: Queryable,
  digests: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (digests.length === 0) return new Map();
  const rows = await database
    .select({ sha256: sourceFiles.sha256, fileId: sourceFiles.fileId })
    .from(sourceFiles)
    .where(and(inArray(sourceFiles.sha256, [...digests]), eq(sourceFiles.status, 'loaded')));
  return new Map(rows.flatMap(({ sha256, fileId }) => (sha256 === null ? [] : [[sha256, fileId] as const])));
}
