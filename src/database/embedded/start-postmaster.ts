import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { findFreePort, isPortFree } from './loopback-port.ts';
import { type ClusterRuntime, findStartedPostmaster, removeStalePidFile, stopPostmaster } from './postmaster.ts';
import { runProgram } from './run-program.ts';
import { logPath, readLogTail, rotateLog } from './server-log.ts';
import { serverOptions, writeSettings } from './server-settings.ts';

const START_S = 30;
const SETTLE_MS = 15_000;
const RETRY_MS = 200;

export interface PortWish {
  /** Null: any free port. */
  readonly preferred: number | null;
  /** False where connections of this process already name the preferred port. */
  readonly mayChange: boolean;
}

/**
 * Starts the server and gives its port once it accepts connections. A port that somebody else took meanwhile is
 * replaced by another free one; processes that a killed server left get 15 s to go. Nothing runs after a failure.
 *
 * @throws EmbeddedPostgresError `start_failed`, `no_free_port`
 */
export async function startPostmaster(
  runtime: ClusterRuntime,
  wish: PortWish,
  log: (line: string) => void,
): Promise<number> {
  const { cluster } = runtime;
  const giveUpAt = performance.now() + SETTLE_MS;
  let port = wish.preferred ?? (await findFreePort());
  for (;;) {
    const attempt = (await isPortFree(port)) ? await tryStart(runtime, port, log) : PORT_TAKEN;
    if (attempt === null) return port;
    // Another program can take a port between the question and the start, so both ways of learning it lead here.
    const isPortTaken = attempt.includes(PORT_TAKEN);
    const isSettling = LEFTOVERS.some((message) => attempt.includes(message));
    if ((!isPortTaken && !isSettling) || performance.now() >= giveUpAt) throw startFailed(cluster, port, attempt);
    if (isPortTaken && wish.mayChange) {
      const other = await findFreePort();
      log(`port ${port} is taken; PostgreSQL moves to ${other}`);
      port = other;
    } else {
      await sleep(RETRY_MS);
    }
  }
}

/** PostgreSQL's own messages, in English as LC_ALL=C (src/backend/libpq/pqcomm.c, src/backend/utils/init/miscinit.c). */
const PORT_TAKEN = 'could not bind';
const LEFTOVERS = ['pre-existing shared memory block', 'lock file "postmaster.pid" already exists'];

/** Null when it runs, else what went wrong. */
async function tryStart(runtime: ClusterRuntime, port: number, log: (line: string) => void): Promise<string | null> {
  const { cluster, binaries, runAs } = runtime;
  await removeStalePidFile(cluster);
  await writeSettings(cluster, runAs);
  const logStart = await rotateLog(cluster);
  // pg_ctl gives the server a session of its own, so that a Ctrl-C in the terminal does not reach it.
  const args = ['start', '-D', cluster, '-l', logPath(cluster), '-o', serverOptions(port), '-w', '-t', String(START_S)];
  const start = await runProgram(binaries.pgCtl, args, { runAs, timeoutMs: (START_S + 5) * 1000 });
  if (start.succeeded || (await findStartedPostmaster(cluster, log))?.status === 'ready') return null;
  await stopPostmaster(runtime, 'immediate');
  return `pg_ctl said:\n${start.output}\n${await readLogTail(cluster, logStart)}`;
}

function startFailed(cluster: string, port: number, attempt: string): EmbeddedPostgresError {
  const what =
    attempt === PORT_TAKEN
      ? `Another program holds its port ${port} (ss -ltnp names it). End that program, or restart Sluice, which then takes another port.`
      : `See that its disk has room, or set DATABASE_URL to a PostgreSQL of your own. ${attempt}`;
  return new EmbeddedPostgresError('start_failed', `The embedded PostgreSQL in ${cluster} did not start. ${what}`);
}
