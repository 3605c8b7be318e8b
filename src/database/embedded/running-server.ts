import { type Access, NO_PORT, newSecret, writeUrlFile } from './database-url-file.ts';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { type ClusterRuntime, findPostmaster, findStartedPostmaster, stopPostmaster } from './postmaster.ts';
import { resetSecret } from './reset-secret.ts';
import { readLogTail } from './server-log.ts';
import { countOtherSessions, logIn, openPresence, type Presence } from './server-session.ts';
import { type PortWish, startPostmaster } from './start-postmaster.ts';

export interface RunningServer {
  readonly access: Access;
  isAlive(): Promise<boolean>;
  /** Call under the start lock, as `stop`. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface ServerPlan {
  readonly runtime: ClusterRuntime;
  /** Null where `database-url` was lost. */
  readonly known: Access | null;
  readonly urlFile: string;
  readonly log: (line: string) => void;
}

/** Takes over the server of a cluster, or starts it. Call under the start lock. @throws EmbeddedPostgresError */
export async function runServer({ runtime, known, urlFile, log }: ServerPlan): Promise<RunningServer> {
  const { cluster } = runtime;
  const preferredPort = known === null || known.port === NO_PORT ? null : known.port;
  const access = await bringUp(runtime, known, { preferred: preferredPort, mayChange: true }, log);
  let presence: Presence;
  try {
    if (access.port !== known?.port || access.secret !== known.secret) await writeUrlFile(urlFile, access);
    presence = await openPresence(access);
  } catch (error) {
    await stopUnlessShared(runtime, access, log);
    throw error;
  }
  return {
    access,
    isAlive: async () => presence.isOpen() && (await findPostmaster(cluster)) !== null,
    restart: async () => {
      await presence.close();
      const { port } = await bringUp(runtime, access, { preferred: access.port, mayChange: false }, log);
      if (port !== access.port) {
        throw new EmbeddedPostgresError(
          'start_failed',
          `Another Sluice process started the embedded PostgreSQL in ${cluster} on port ${port} instead of ${access.port}. Restart this one.`,
        );
      }
      presence = await openPresence(access);
    },
    stop: async () => {
      await presence.close();
      await stopUnlessShared(runtime, access, log);
    },
  };
}

async function bringUp(
  runtime: ClusterRuntime,
  known: Access | null,
  wish: PortWish,
  log: (line: string) => void,
): Promise<Access> {
  const adopted = known === null ? null : await adopt(runtime, known, log);
  if (adopted !== null) return adopted;
  // It runs but is not ours to use: it has another password, or does not answer. Two on one directory can not be.
  await stopPostmaster(runtime, 'fast');
  const secret = known?.secret ?? newSecret();
  if (known === null) await resetSecret(runtime, secret);
  const access = { secret, port: await startPostmaster(runtime, wish, log) };
  try {
    const login = await logIn(access);
    if (login === 'welcome') return access;
    throw new EmbeddedPostgresError(
      'start_failed',
      login === 'refused'
        ? `The embedded PostgreSQL in ${runtime.cluster} runs but does not take the password of the database-url file beside it. Remove that file, and the next start sets a new password.`
        : `The embedded PostgreSQL in ${runtime.cluster} runs but does not answer on port ${access.port}. Start again. ${await readLogTail(runtime.cluster)}`,
    );
  } catch (error) {
    await stopPostmaster(runtime, 'fast');
    throw error;
  }
}

async function adopt({ cluster }: ClusterRuntime, known: Access, log: (line: string) => void): Promise<Access | null> {
  const running = await findStartedPostmaster(cluster, log);
  if (running === null) return null;
  const access = { secret: known.secret, port: running.port ?? known.port };
  const login = await logIn(access);
  log(
    `PostgreSQL (process ${running.pid}) already runs in ${cluster}; ${login === 'welcome' ? 'using it' : 'it does not take our password, stopping it'}`,
  );
  return login === 'welcome' ? access : null;
}

async function stopUnlessShared(runtime: ClusterRuntime, access: Access, log: (line: string) => void): Promise<void> {
  if ((await findPostmaster(runtime.cluster)) === null) return;
  // A server that does not even answer this is stopped: nobody can be working on it.
  const others = await countOtherSessions(access).catch(() => 0);
  if (others > 0) {
    log(`PostgreSQL stays running for ${others} session(s) of another Sluice process`);
    return;
  }
  await stopPostmaster(runtime, 'fast');
}
