import { sql } from 'drizzle-orm';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import type { Queryable } from './client.ts';
import { MIGRATIONS_FOLDER } from './migrate.ts';

/** The tables are not those of this version, or not there at all. */
export class SchemaMismatchError extends Error {
  readonly code = 'schema_mismatch';
}

/**
 * For whoever must not change the schema by looking at it.
 * @throws SchemaMismatchError unless all migrations of this version have run, and none of a later one
 */
export async function assertSchemaIsCurrent(database: Queryable): Promise<void> {
  const { rows: tables } = await database.execute<{ exist: boolean }>(sql`
    select to_regclass('source_files') is not null and to_regclass('drizzle.__drizzle_migrations') is not null as exist`);
  if (tables[0]?.exist !== true)
    throw new SchemaMismatchError('The database has no tables of Sluice: npm start or npm run load makes them');
  const { rows } = await database.execute<{ newest: number }>(
    sql`select coalesce(max(created_at), 0)::float8 as newest from drizzle.__drizzle_migrations`,
  );
  const newest = rows[0]?.newest ?? 0;
  const known = Math.max(
    ...readMigrationFiles({ migrationsFolder: MIGRATIONS_FOLDER }).map(({ folderMillis }) => folderMillis),
  );
  if (newest < known)
    throw new SchemaMismatchError(
      'The tables are those of an older Sluice: npm start or npm run load brings them up to date',
    );
  if (newest > known) throw new SchemaMismatchError('The tables are those of a newer Sluice: update this one');
}
