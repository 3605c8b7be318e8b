import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { openDatabase } from './database/client.ts';
import { isDatabaseAway } from './database/database-error.ts';
import { migrateDatabase } from './database/migrate.ts';
import { openDatabaseServer } from './database/open-server.ts';
import type { SourceFileRow } from './database/schema.ts';
import type { ConnectionLimits } from './http/connection-limits.ts';
import { createServer } from './http/server.ts';
import type { App } from './http/services.ts';
import { CHECK_FILE, FileChecker } from './ingest/check/file-checker.ts';
import type { FileEvents } from './ingest/file-events.ts';
import { openLoaders, WORKER_FILE } from './ingest/open-loaders.ts';
import { Retention } from './ingest/retention/retention.ts';
import { disposeLoadedFile } from './ingest/sources/after-load.ts';
import { FolderUpkeep } from './ingest/sources/folder-upkeep.ts';
import { UploadSpool } from './ingest/sources/upload-spool.ts';
import { WatchedDirectory } from './ingest/sources/watched-directory.ts';
import { Health } from './monitoring/health.ts';
import { LiveFeed } from './monitoring/live-feed.ts';
import { Metrics } from './monitoring/metrics.ts';
import { OpenResources } from './open-resources.ts';

/** Requests have connections of their own, so that they are answered while every loader is busy. */
const API_CONNECTIONS = 6;
/** Downloads of whole lists and checks of files may take long: they must not take the connections of health and uploads. */
const ANALYTICS_CONNECTIONS = 3;
/** Checks that run at once; started when they are needed, and beside the loaders. */
const CHECK_THREADS = 2;
const RETRY_MS = 1000;
/** Docker sends SIGKILL 10 s after SIGTERM; the whole stop has to fit, also when the database does not answer. */
const CLOSE_WATCHER_MS = 1000;
const CUT_REQUESTS_MS = 2000;
const CLOSE_HTTP_MS = 2500;
const DRAIN_MS = 5000;
const CLOSE_POOL_MS = 500;
const CLOSE_RETENTION_MS = 500;

export interface ServiceOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly workerFile?: string;
  readonly checkFile?: string;
  readonly connectionLimits?: ConnectionLimits;
}

/** The whole service: what there is, and in which order it starts; it stops the other way round. */
export class Service {
  readonly #config: Config;
  readonly #log: Logger;
  readonly #workerFile: string;
  readonly #checkFile: string;
  readonly #connectionLimits: ConnectionLimits | undefined;
  readonly #resources: OpenResources;
  readonly #stopping = new AbortController();
  #app: App | undefined;
  #inputDirectory = '';
  #databaseUrlFile: string | undefined;

  constructor(options: ServiceOptions) {
    this.#config = options.config;
    this.#log = options.log;
    this.#workerFile = options.workerFile ?? WORKER_FILE;
    this.#checkFile = options.checkFile ?? CHECK_FILE;
    this.#connectionLimits = options.connectionLimits;
    this.#resources = new OpenResources(options.log);
  }

  /** Where the server listens; known once it has started. */
  get address(): AddressInfo {
    const address = this.#app?.server.address();
    if (typeof address !== 'object' || address === null) throw new TypeError('the server does not listen');
    return address;
  }

  /** The watched folder as the ledger names it. */
  get inputDirectory(): string {
    return this.#inputDirectory;
  }

  /** The file that holds the connection string of the embedded database, where that is the one in use. */
  get databaseUrlFile(): string | undefined {
    return this.#databaseUrlFile;
  }

  /**
   * Starts everything; resolves when the database is migrated and files are being loaded. While a database of one's
   * own is away the server already answers (`/health` with 503), and this goes on trying.
   * @throws what can not pass by waiting: a taken port, a wrong password, an unsupported server
   */
  async start(): Promise<void> {
    const config = this.#config;
    const log = this.#log;
    const resources = this.#resources;
    const { connectionString, urlFile } = await openDatabaseServer(config, log, resources);
    this.#databaseUrlFile = urlFile;
    // Under way while the server is put together; what it rejects with is thrown where it is awaited.
    const migrated = this.#migrate(connectionString);
    migrated.catch(() => {});
    const onError = (error: Error) => log.warn({ err: error }, 'a database connection was lost');
    const database = openDatabase({
      connectionString,
      applicationName: 'sluice-api',
      maxConnections: API_CONNECTIONS,
      onError,
    });
    resources.add('database pool of the API', () => database.$client.end(), CLOSE_POOL_MS);
    const analyticsDatabase = openDatabase({
      connectionString,
      applicationName: 'sluice-analytics',
      maxConnections: ANALYTICS_CONNECTIONS,
      onError,
    });
    resources.add('database pool of analytics', () => analyticsDatabase.$client.end(), CLOSE_POOL_MS);

    const afterLoad = (file: SourceFileRow) =>
      disposeLoadedFile(file, { policy: config.AFTER_LOAD, inputDirectory: this.#inputDirectory, log });
    const { queue, events, removals, folder } = openLoaders(
      { config, log, connectionString, workerFile: this.#workerFile, claims: 'all', drainMs: DRAIN_MS, afterLoad },
      resources,
    );
    const watcher = await WatchedDirectory.prepare({
      directory: resolve(config.INPUT_DIR),
      settleMs: config.SETTLE_MS,
      rescanMs: config.RESCAN_MS,
      log,
      submit: (versions) => queue.submit(versions),
      onAlreadyLoaded: afterLoad,
    });
    this.#inputDirectory = watcher.directory;
    const spool = new UploadSpool({ inputDirectory: watcher.directory, maxBytes: config.MAX_UPLOAD_BYTES });

    const checker = new FileChecker({
      settings: { timeZone: config.TIMEZONE, maxRecordBytes: config.MAX_RECORD_BYTES },
      threads: CHECK_THREADS,
      checkFile: this.#checkFile,
    });
    resources.add('threads of checks', () => checker.close());

    const health = new Health(database);
    const metrics = new Metrics({ database, events });
    const feed = new LiveFeed({ database, events });
    resources.add('live feed', async () => feed.close());
    const stores = { database, analyticsDatabase, spool, checker };
    const services = { config, ...stores, queue, removals, events, watcher, health, metrics, feed, log };
    await this.#listen(await createServer(services, this.#connectionLimits));

    await migrated;
    if (this.#stopping.signal.aborted) return;
    health.migrated();
    const upkeep = new FolderUpkeep({ database, directory: watcher.directory, spool, log });
    resources.add('upkeep of the folder', () => upkeep.close(), CLOSE_WATCHER_MS);
    upkeep.start();
    queue.start();
    folder.start();
    this.#startRetention(connectionString, events);
    watcher.start();
    resources.add('folder watcher', () => watcher.close(), CLOSE_WATCHER_MS);
  }

  /** Stops everything in reverse order, each step within its time. Safe to call more than once. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#resources.close();
  }

  #startRetention(connectionString: string, events: FileEvents): void {
    const days = this.#config.RETENTION_DAYS;
    if (days === undefined) return;
    const retention = new Retention({ connectionString, days, log: this.#log, isLoading: () => events.isLoading });
    this.#resources.add('retention', () => retention.close(), CLOSE_RETENTION_MS);
    retention.start();
  }

  async #listen(app: App): Promise<void> {
    const close = async () => {
      const timer = setTimeout(() => app.server.closeAllConnections(), CUT_REQUESTS_MS);
      await app.close().finally(() => clearTimeout(timer));
    };
    this.#resources.add('HTTP server', close, CLOSE_HTTP_MS);
    await app.listen({ host: this.#config.HOST, port: this.#config.PORT });
    this.#app = app;
  }

  async #migrate(connectionString: string): Promise<void> {
    for (let attempt = 1; !this.#stopping.signal.aborted; attempt += 1) {
      try {
        return await migrateDatabase(connectionString);
      } catch (error) {
        if (!isDatabaseAway(error)) throw error;
        if (attempt === 1)
          this.#log.warn({ err: error }, 'the database is not available yet; trying again every second');
        await delay(RETRY_MS, undefined, { signal: this.#stopping.signal }).catch(() => {});
      }
    }
  }
}
