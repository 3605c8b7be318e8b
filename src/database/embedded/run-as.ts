import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { type RunAs, runProgram } from './run-program.ts';

const CANDIDATES = ['postgres', '_postgres', 'nobody'];
const TIMEOUT_MS = 5_000;

/**
 * The user PostgreSQL runs as, or null for Sluice's own user. PostgreSQL refuses to run as root, so root needs another:
 * the owner of the cluster that is already there, else the first of `postgres`, `_postgres` (macOS) and `nobody` that
 * this machine has and lets root become (a container may map only some users).
 *
 * @throws EmbeddedPostgresError `no_unprivileged_user`, `wrong_owner`
 */
export async function chooseRunAs(cluster: { path: string; owner: RunAs } | null): Promise<RunAs | null> {
  const self = process.geteuid?.();
  if (cluster !== null && (cluster.owner.uid === 0 || (!isRoot() && cluster.owner.uid !== self))) {
    throw new EmbeddedPostgresError(
      'wrong_owner',
      `${cluster.path} belongs to user ${cluster.owner.uid} and Sluice runs as user ${self}; PostgreSQL only opens a data directory of its own user, and never as root. ` +
        `Run Sluice as the user it ran as before, or hand the directory over (sudo chown -R USER ${cluster.path}), or choose another DATA_DIR.`,
    );
  }
  if (!isRoot()) return null;
  if (cluster !== null) return cluster.owner;
  for (const name of CANDIDATES) {
    const runAs = await lookUp(name);
    if (runAs !== null && (await runProgram('/bin/sh', ['-c', ':'], { runAs, timeoutMs: TIMEOUT_MS })).succeeded) {
      return runAs;
    }
  }
  throw new EmbeddedPostgresError(
    'no_unprivileged_user',
    `Sluice runs as root, PostgreSQL refuses to, and none of the users ${CANDIDATES.join(', ')} can be used instead. Run Sluice as an ordinary user, or create one (useradd --system postgres), or set DATABASE_URL.`,
  );
}

export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

async function lookUp(name: string): Promise<RunAs | null> {
  const [uid, gid] = await Promise.all([numericId('-u', name), numericId('-g', name)]);
  return uid === null || gid === null || uid === 0 ? null : { uid, gid };
}

async function numericId(flag: '-u' | '-g', name: string): Promise<number | null> {
  const id = await runProgram('id', [flag, name], { runAs: null, timeoutMs: TIMEOUT_MS });
  return id.succeeded && /^\d+$/.test(id.output) ? Number(id.output) : null;
}

/** Asks with that user's own eyes whether `test FLAG path` holds, so that groups and ACLs count as they are. */
export async function canAccess(runAs: RunAs | null, flag: '-r' | '-w' | '-x', path: string): Promise<boolean> {
  const result = await runProgram('/bin/sh', ['-c', `test ${flag} "$1"`, 'sh', path], { runAs, timeoutMs: TIMEOUT_MS });
  return result.succeeded;
}
