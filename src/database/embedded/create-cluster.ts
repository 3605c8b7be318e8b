import { randomBytes } from 'node:crypto';
import {
  chown,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  rmdir,
  symlink,
  unlink,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SUPERUSER } from './database-url-file.ts';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { makeReachableDirectory } from './reachable-directory.ts';
import { replaceFile } from './replace-file.ts';
import { canAccess } from './run-as.ts';
import { type RunAs, runProgram } from './run-program.ts';
import { includeSettings } from './server-settings.ts';

const STAGING = 'postgres.new-';
const INITDB_TIMEOUT_MS = 60_000;

export interface NewCluster {
  /** `DATA_DIR/postgres`: the cluster itself, or a link to it. */
  readonly link: string;
  readonly binaries: PostgresBinaries;
  readonly runAs: RunAs | null;
  readonly secret: string;
  /** Called when the cluster is complete and not yet in its place, so that none is ever there with a lost password. */
  readonly keepSecret: () => Promise<void>;
  /** Where the cluster goes when the user PostgreSQL runs as can not enter DATA_DIR. */
  readonly reachableDirectory: string;
  readonly log: (line: string) => void;
}

/**
 * Makes a cluster beside its place and moves it there when complete, so that one whose making was cut short is never
 * taken for a cluster. Gives its resolved path.
 *
 * @throws EmbeddedPostgresError `initdb_failed`, `unreachable_directory`
 */
export async function createCluster(plan: NewCluster): Promise<string> {
  const staging = join(dirname(plan.link), STAGING + randomBytes(8).toString('hex'));
  try {
    await makeStaging(staging, plan);
    const home = await realpath(staging);
    await runInitdb(home, plan);
    await includeSettings(home);
    await plan.keepSecret();
    await moveToPlace(staging, plan.link);
    return await realpath(plan.link);
  } catch (error) {
    await removeStaging(staging);
    throw error;
  }
}

async function moveToPlace(staging: string, link: string): Promise<void> {
  try {
    // An empty directory would be in the way of a link.
    await rmdir(link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(staging, link);
    // The rename must outlive a power cut as surely as the rows that will be committed below it.
    const directory = await open(dirname(link), 'r');
    await directory.sync().finally(() => directory.close());
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'initdb_failed',
      `The new data directory of the embedded PostgreSQL could not be moved to ${link}: ${String(cause)}. Where that is a mount point, make DATA_DIR the mount point instead.`,
      { cause },
    );
  }
}

/** Removes what a start that was killed while it made a cluster left behind. */
export async function removeUnfinishedClusters(dataDirectory: string): Promise<void> {
  for (const name of await readdir(dataDirectory)) {
    if (name.startsWith(STAGING)) await removeStaging(join(dataDirectory, name));
  }
}

/**
 * The staging directory, owned by the user PostgreSQL runs as. Where that user can not write there (a directory above
 * is closed, or the file system knows no owners) it is a link to a fresh directory elsewhere. The link is made first, so
 * that it leads the next start to whatever a killed one left.
 */
async function makeStaging(staging: string, plan: NewCluster): Promise<void> {
  await mkdir(staging, { mode: 0o700 });
  if (await handOver(staging, plan.runAs)) return;
  await rm(staging, { recursive: true });
  const target = join(plan.reachableDirectory, `postgres-${randomBytes(8).toString('hex')}`);
  const why = `PostgreSQL runs as user ${plan.runAs?.uid}, who can not write below ${dirname(staging)}`;
  await symlink(target, staging);
  await makeReachableDirectory(plan.reachableDirectory);
  await mkdir(target, { mode: 0o700 });
  if (!(await handOver(target, plan.runAs))) {
    throw new EmbeddedPostgresError(
      'unreachable_directory',
      `${why}, nor below ${plan.reachableDirectory}. Let that user pass the directories above DATA_DIR (chmod o+x), or choose another DATA_DIR, or set DATABASE_URL.`,
    );
  }
  plan.log(`${why}; its data directory is ${target}, and ${plan.link} a link to it`);
}

async function handOver(directory: string, runAs: RunAs | null): Promise<boolean> {
  if (runAs === null) return true;
  try {
    await chown(directory, runAs.uid, runAs.gid);
  } catch {
    return false;
  }
  return canAccess(runAs, '-w', directory);
}

/** Options: https://www.postgresql.org/docs/18/app-initdb.html. initdb itself sets umask 077. */
async function runInitdb(home: string, { binaries, runAs, secret }: NewCluster): Promise<void> {
  // The builtin provider (17 and newer) sorts by code point like C, but knows the letters of Unicode.
  const locale =
    binaries.major >= 17 ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : ['--locale=C'];
  const passwordFile = `${home}.password`;
  try {
    await replaceFile(passwordFile, secret, runAs);
    const initdb = await runProgram(
      binaries.initdb,
      [
        `--pgdata=${home}`,
        `--username=${SUPERUSER}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        ...locale,
        '--no-instructions',
      ],
      { runAs, timeoutMs: INITDB_TIMEOUT_MS },
    );
    if (initdb.succeeded) return;
    throw new EmbeddedPostgresError(
      'initdb_failed',
      `initdb could not make the embedded PostgreSQL in ${home}; see that its disk has room and is writable, or set DATABASE_URL. It said:\n${initdb.output}`,
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function removeStaging(staging: string): Promise<void> {
  const found = await lstat(staging).catch(() => null);
  if (found?.isSymbolicLink()) {
    const target = await readlink(staging);
    // Only what makeStaging names is removed, wherever a link of that name should lead.
    if (/^postgres-[0-9a-f]{16}$/.test(basename(target))) {
      await rm(target, { recursive: true, force: true });
      await rm(`${target}.password`, { force: true });
    }
    await unlink(staging);
  } else {
    await rm(staging, { recursive: true, force: true, maxRetries: 5 });
  }
}
