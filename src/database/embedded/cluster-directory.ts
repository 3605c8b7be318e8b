import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { canAccess } from './run-as.ts';
import type { RunAs } from './run-program.ts';

export interface Cluster {
  /** Resolved: a cluster that stands elsewhere is reached through the link `DATA_DIR/postgres`. */
  readonly path: string;
  readonly owner: RunAs;
}

/**
 * The cluster at `DATA_DIR/postgres`, or null where there is none yet (an empty directory, such as a fresh volume, counts
 * as none). Changes nothing.
 *
 * @throws EmbeddedPostgresError `not_a_cluster` where something else is there, or a link to what is gone: starting empty
 * in its place would hide the loss of everything loaded before
 */
export async function findCluster(link: string): Promise<Cluster | null> {
  const path = await realpath(link).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    if ((await lstat(link).catch(() => null)) === null) return null;
    throw new EmbeddedPostgresError(
      'not_a_cluster',
      `${link} is a link to a PostgreSQL data directory that is gone. Bring that directory back, or remove the link to start with an empty database.`,
    );
  });
  if (path === null) return null;
  const { uid, gid } = await stat(path);
  // A directory that Sluice's own user can not look into is another user's, and that is what the owner check will say.
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EACCES') return ['PG_VERSION'];
    throw error.code === 'ENOTDIR' ? notACluster(link) : error;
  });
  // An empty directory behind a link was a cluster once, or is a place that no new one can be moved to.
  if (names.length === 0 && !(await lstat(link)).isSymbolicLink()) return null;
  if (!names.includes('PG_VERSION')) throw notACluster(link);
  return { path, owner: { uid, gid } };
}

/**
 * @throws EmbeddedPostgresError `unreachable_directory` where the user PostgreSQL runs as can not enter the directory,
 * `version_mismatch` where another major version made it
 */
export async function checkCluster(cluster: Cluster, binaries: PostgresBinaries, runAs: RunAs | null): Promise<void> {
  if (runAs !== null && !(await canAccess(runAs, '-r', join(cluster.path, 'PG_VERSION')))) {
    throw new EmbeddedPostgresError(
      'unreachable_directory',
      `PostgreSQL runs as user ${runAs.uid}, who can not enter ${cluster.path}. Let that user pass the directories above it (chmod o+x), or move it to where that user can, and put a link to it in its place.`,
    );
  }
  const major = (await readFile(join(cluster.path, 'PG_VERSION'), 'utf8')).trim();
  if (Number(major) !== binaries.major) {
    throw new EmbeddedPostgresError(
      'version_mismatch',
      `${cluster.path} was made by PostgreSQL ${major}, and this Sluice comes with PostgreSQL ${binaries.version}, which can not open it. Nothing was changed. ` +
        `Run the Sluice that made it, copy its data with pg_dump and load that into a new DATA_DIR; or choose another DATA_DIR and load the event files again.`,
    );
  }
}

function notACluster(link: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'not_a_cluster',
    `${link} is there but is no PostgreSQL data directory. Move it away, or choose another DATA_DIR.`,
  );
}
