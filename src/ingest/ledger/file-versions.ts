import { and, desc, eq, getTableColumns, inArray, ne, or, sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import { type SourceFileRow, sourceFiles } from '../../database/schema.ts';

/** A version of a file, and how it stands by the clock of the database. */
export interface StandingVersion extends SourceFileRow {
  /** it waits, and not before `availableAt` will anybody claim it */
  readonly isDelayed: boolean;
  /** whoever reserved or claimed it has not renewed that in time */
  readonly isLeaseOver: boolean;
}

const COLUMNS = {
  ...getTableColumns(sourceFiles),
  isDelayed: sql<boolean>`${sourceFiles.status} = 'queued' and ${sourceFiles.availableAt} > now()`,
  isLeaseOver: sql<boolean>`coalesce(${sourceFiles.leaseUntil} < now(), false)`,
};

/** The versions of a path, or of whatever path has such a name, newest first. */
export async function listVersions(
  database: Queryable,
  of: { readonly path: string } | { readonly name: string },
  limit: number,
): Promise<StandingVersion[]> {
  return await database
    .select(COLUMNS)
    .from(sourceFiles)
    .where('path' in of ? eq(sourceFiles.path, of.path) : eq(sourceFiles.name, of.name))
    .orderBy(desc(sourceFiles.fileId))
    .limit(limit);
}

/**
 * The version that registration would find for a path: the one that is open, else the newest that was seen like this.
 * Undefined where the next scan would register another one.
 */
export async function findKnownVersion(
  database: Queryable,
  path: string,
  fingerprint: string | undefined,
): Promise<StandingVersion | undefined> {
  const isOpen = inArray(sourceFiles.status, ['queued', 'loading']);
  const isSame = fingerprint === undefined ? undefined : eq(sourceFiles.fingerprint, fingerprint);
  const [version] = await database
    .select(COLUMNS)
    .from(sourceFiles)
    .where(and(eq(sourceFiles.path, path), or(isOpen, isSame)))
    .orderBy(sql`${isOpen} desc`, desc(sourceFiles.fileId))
    .limit(1);
  return version;
}

/**
 * A file that is being loaded and may have the same bytes as one that was put back into the queue: as long as that is so, the
 * other one waits for its outcome. By digest where both are known, else by size.
 */
export async function findLikelyTwin(
  database: Queryable,
  file: Pick<SourceFileRow, 'fileId' | 'sizeBytes' | 'sha256'>,
): Promise<SourceFileRow | undefined> {
  const { status, committedOffset, sizeBytes, sha256, fileId } = sourceFiles;
  const [twin] = await database
    .select()
    .from(sourceFiles)
    .where(
      and(
        or(eq(status, 'loading'), and(eq(status, 'queued'), sql`${committedOffset} > 0`)),
        eq(sizeBytes, file.sizeBytes),
        file.sha256 === null ? undefined : sql`coalesce(${sha256}, ${file.sha256}) = ${file.sha256}`,
        ne(fileId, file.fileId),
      ),
    )
    .orderBy(fileId)
    .limit(1);
  return twin;
}

/** The names of the files that came last, each once, in no order. */
export async function listRecentNames(database: Queryable, limit: number): Promise<string[]> {
  const rows = await database
    .select({ name: sourceFiles.name })
    .from(sourceFiles)
    .orderBy(desc(sourceFiles.fileId))
    .limit(limit);
  return [...new Set(rows.map(({ name }) => name))];
}
