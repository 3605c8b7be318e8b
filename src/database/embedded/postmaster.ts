import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { isPostmasterOf } from './live-process.ts';
import { pollUntil } from './poll-until.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { type RunAs, runProgram } from './run-program.ts';
import { readLogTail } from './server-log.ts';

/** A cluster with the programs and the user that run it. */
export interface ClusterRuntime {
  readonly cluster: string;
  readonly binaries: PostgresBinaries;
  readonly runAs: RunAs | null;
}

/** What `postmaster.pid` says of a server. Format: PostgreSQL's src/include/utils/pidfile.h. */
export interface Postmaster {
  readonly pid: number;
  /** Null in the first moments of a start. */
  readonly port: number | null;
  readonly status: 'starting' | 'ready' | 'other';
}

const RECOVERY_MS = 300_000;
const STOP_FAST_S = 30;
const STOP_IMMEDIATE_S = 10;
const EXIT_MS = 10_000;

/** The server that runs on this data directory now, or null; a pid file of another process is left as it is. */
export async function findPostmaster(cluster: string): Promise<Postmaster | null> {
  const written = await readPidFile(cluster);
  return written !== null && (await isPostmasterOf(written.pid, cluster)) ? written : null;
}

/**
 * The server once it has started, or null where it ended. One that still redoes its write-ahead log after a crash is
 * waited for, as to stop it would only make the next start redo it all again; after 5 minutes it is given as it is.
 */
export async function findStartedPostmaster(cluster: string, log: (line: string) => void): Promise<Postmaster | null> {
  const first = await findPostmaster(cluster);
  if (first?.status !== 'starting') return first;
  const patience = setTimeout(() => log(`PostgreSQL in ${cluster} is still starting, recovering from a crash`), 5_000);
  const settled = await pollUntil(
    async () => {
      const server = await findPostmaster(cluster);
      return server?.status === 'starting' ? null : { server };
    },
    { everyMs: 100, withinMs: RECOVERY_MS },
  );
  clearTimeout(patience);
  return settled === null ? first : settled.server;
}

/**
 * Removes a pid file whose server is dead. PostgreSQL does that itself, except where its id now belongs to another
 * process (or is a zombie): then it would refuse to start, for ever. Call only under the start lock.
 */
export async function removeStalePidFile(cluster: string): Promise<void> {
  const written = await readPidFile(cluster);
  if (written === null || (await isPostmasterOf(written.pid, cluster))) return;
  // Somebody may have started a server by hand since; its file must stay.
  if ((await readPidFile(cluster))?.pid === written.pid) await rm(join(cluster, 'postmaster.pid'), { force: true });
}

/**
 * `pg_ctl stop -m fast`, then immediate, which loses no commit either but costs the next start a recovery. When it resolves, the
 * process is gone.
 *
 * @throws EmbeddedPostgresError `stop_failed` after 50 s
 */
export async function stopPostmaster(runtime: ClusterRuntime, mode: 'fast' | 'immediate'): Promise<void> {
  const { cluster, binaries, runAs } = runtime;
  let output = '';
  for (const [step, seconds] of [
    ['fast', STOP_FAST_S],
    ['immediate', STOP_IMMEDIATE_S],
  ] as const) {
    if (mode === 'immediate' && step === 'fast') continue;
    // pg_ctl signals whatever process the file names, so a recycled id must not get that far.
    const server = await findPostmaster(cluster);
    if (server === null) return;
    const args = ['stop', '-D', cluster, '-m', step, '-w', '-t', String(seconds)];
    const stop = await runProgram(binaries.pgCtl, args, { runAs, timeoutMs: (seconds + 5) * 1000 });
    // pg_ctl waits for the pid file to go, which the postmaster removes before it gives back its memory and its working directory.
    if (stop.succeeded && (await hasExited(server.pid, cluster))) return;
    output = stop.output;
  }
  const left = await findPostmaster(cluster);
  if (left === null) return;
  throw new EmbeddedPostgresError(
    'stop_failed',
    `The embedded PostgreSQL in ${cluster} (process ${left.pid}) did not stop in time; its data is safe. End that process with kill -QUIT ${left.pid}. pg_ctl said:\n${output}\n${await readLogTail(cluster)}`,
  );
}

async function hasExited(pid: number, cluster: string): Promise<boolean> {
  const exited = await pollUntil(async () => ((await isPostmasterOf(pid, cluster)) ? null : true), {
    everyMs: 5,
    withinMs: EXIT_MS,
  });
  return exited !== null;
}

async function readPidFile(cluster: string): Promise<Postmaster | null> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  const [pid = '', , , port = '', , , , status = 'starting'] = text.split('\n').map((line) => line.trim());
  if (!/^-?\d+$/.test(pid)) return null;
  // A single-user backend writes its id negated.
  return {
    pid: Math.abs(Number(pid)),
    port: /^\d+$/.test(port) ? Number(port) : null,
    // The line is missing in the first moments.
    status: status === 'ready' ? 'ready' : status === 'starting' || status === '' ? 'starting' : 'other',
  };
}
