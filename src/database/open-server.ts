import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { OpenResources } from '../open-resources.ts';
import { findCluster } from './embedded/cluster-directory.ts';
import { startEmbeddedPostgres } from './embedded/embedded-postgres.ts';

const WATCHDOG_MS = 1000;

export interface DatabaseServer {
  readonly connectionString: string;
  /** where the connection string of the embedded server can be read; undefined for a server of one's own */
  readonly urlFile: string | undefined;
}

/** The server of DATABASE_URL, or else the embedded one, started and kept running until `resources` are closed. */
export async function openDatabaseServer(
  config: Pick<Config, 'DATABASE_URL' | 'DATA_DIR'>,
  log: Logger,
  resources: OpenResources,
): Promise<DatabaseServer> {
  if (config.DATABASE_URL !== undefined) return { connectionString: config.DATABASE_URL, urlFile: undefined };
  const starting = startEmbeddedPostgres({
    dataDirectory: resolve(config.DATA_DIR),
    log: (line) => log.info(line),
  });
  // Before it runs: a stop that comes while it starts would leave it running otherwise.
  resources.add('embedded PostgreSQL', () => starting.then((server) => server.stop(), ignore));
  const embedded = await starting;
  let isDown = false;
  const watchdog = setInterval(() => {
    embedded.ensureRunning().then(
      () => {
        if (isDown) log.info('the embedded PostgreSQL runs again');
        isDown = false;
      },
      (error) => {
        // Once: with a full disk each second has such an error, until somebody makes room.
        if (!isDown) log.error({ err: error }, 'the embedded PostgreSQL does not run; trying again every second');
        isDown = true;
      },
    );
  }, WATCHDOG_MS);
  resources.add('watchdog of the embedded PostgreSQL', async () => clearInterval(watchdog));
  // PGSSLMODE of the surroundings is meant for another server.
  return { connectionString: `${embedded.connectionString}?sslmode=disable`, urlFile: embedded.urlFile };
}

/** Whether there is a database to be opened already: `openDatabaseServer` makes the embedded one where there is none. */
export async function hasDatabase(config: Pick<Config, 'DATABASE_URL' | 'DATA_DIR'>): Promise<boolean> {
  return config.DATABASE_URL !== undefined || (await findCluster(join(resolve(config.DATA_DIR), 'postgres'))) !== null;
}

/** Where it did not start there is nothing to stop; `openDatabaseServer` tells why. */
function ignore(): void {}
