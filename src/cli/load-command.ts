import { createWriteStream } from 'node:fs';
import { mkdtemp, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { openDatabase, type Queryable } from '../database/client.ts';
import { migrateDatabase } from '../database/migrate.ts';
import { openDatabaseServer } from '../database/open-server.ts';
import type { SourceFileRow } from '../database/schema.ts';
import { awaitFiles } from '../ingest/await-files.ts';
import { isAboveRejectLimit } from '../ingest/check/reject-limit.ts';
import { retryFailedFile } from '../ingest/ledger/finish-files.ts';
import { limitRejects } from '../ingest/ledger/limit-rejects.ts';
import type { FileVersion } from '../ingest/ledger/register-files.ts';
import { releaseFile } from '../ingest/ledger/release-file.ts';
import { openLoaders, WORKER_FILE } from '../ingest/open-loaders.ts';
import { STDIN_FOLDER } from '../ingest/sources/file-name.ts';
import { fingerprintOf } from '../ingest/sources/source-file.ts';
import { OpenResources } from '../open-resources.ts';
import { plainText } from '../plain-text.ts';
import { LoadReport } from './load-report.ts';

const STDIN = '-';
const INTERRUPTED = 130;
/** What is left is folded by the next command or service; the views are right meanwhile. */
const FOLD_MS = 5000;

/** Loads the named files through the same queue, threads and ledger as the service, and nothing else. */
export class LoadCommand {
  readonly #config: Config;
  readonly #log: Logger;
  readonly #resources: OpenResources;
  readonly #interrupted = new AbortController();

  constructor(config: Config, log: Logger) {
    this.#config = config;
    this.#log = log;
    this.#resources = new OpenResources(log);
  }

  /** Stops waiting; what is not committed is rolled back, and the same command goes on from there. */
  interrupt(): void {
    this.#interrupted.abort();
  }

  /**
   * Returns the exit code: 0 when all files are loaded or were before, 1 when any failed or is held, 130 when interrupted at
   * whatever point.
   * `maxRejectPercent`: above it a file is held; where it is not given MAX_REJECT_PERCENT holds.
   * @throws where nothing was begun: a file that is not there, a database that can't be reached
   */
  async run(names: readonly string[], maxRejectPercent?: number): Promise<number> {
    try {
      // By path: one file may be named in two ways.
      const versions = new Map<string, FileVersion>();
      for (const name of new Set(names)) {
        const version = name === STDIN ? await this.#spoolStdin() : await fileVersion(name);
        versions.set(version.path, maxRejectPercent === undefined ? version : { ...version, maxRejectPercent });
      }
      return await this.#load([...versions.values()], maxRejectPercent);
    } catch (error) {
      if (!this.#interrupted.signal.aborted) throw error;
      process.stdout.write('Interrupted.\n');
      return INTERRUPTED;
    } finally {
      await this.#resources.close();
    }
  }

  async #load(versions: readonly FileVersion[], maxRejectPercent: number | undefined): Promise<number> {
    const config = this.#config;
    const limit = maxRejectPercent ?? config.MAX_REJECT_PERCENT;
    const { connectionString } = await openDatabaseServer(config, this.#log, this.#resources);
    await migrateDatabase(connectionString, this.#interrupted.signal);
    const database = openDatabase({
      connectionString,
      applicationName: 'sluice-load',
      maxConnections: 1,
      onError: (error) => this.#log.warn({ err: error }, 'a database connection was lost'),
    });
    this.#resources.add('database pool', () => database.$client.end());
    const { queue, events, folder } = openLoaders(
      {
        config,
        log: this.#log,
        connectionString,
        workerFile: WORKER_FILE,
        claims: 'submitted',
        // Whoever interrupts it does not want to wait.
        drainMs: 0,
        afterLoad: async () => {},
      },
      this.#resources,
    );

    const files: SourceFileRow[] = [];
    const report = new LoadReport(versions.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0));
    const registered = await queue.submit(versions);
    if (maxRejectPercent !== undefined) {
      const known = registered.filter(({ isNew }) => !isNew).map(({ file }) => file.fileId);
      await limitRejects(database, known, maxRejectPercent);
    }
    for (const { file, isNew } of registered) {
      const retried = await onceMore(database, file, queue.owner, limit);
      if (retried !== undefined) queue.announce([retried]);
      else if (!isNew && file.status === 'loaded') report.alreadyLoaded(file);
      files.push(retried ?? file);
    }
    const unsubscribe = [
      events.onProgress((progress) => report.progress(progress)),
      events.onFile((file) => report.file(file)),
    ];
    queue.start();
    folder.start();
    const ended = await awaitFiles(database, events, files, {
      timeoutMs: Number.POSITIVE_INFINITY,
      signal: this.#interrupted.signal,
    });
    for (const end of unsubscribe) end();
    const isInterrupted = this.#interrupted.signal.aborted;
    report.summary(ended, isInterrupted);
    if (isInterrupted) return INTERRUPTED;
    // Perhaps no service runs that would.
    await folder.drain(FOLD_MS);
    return ended.some(({ status }) => status === 'failed' || status === 'held') ? 1 : 0;
  }

  /** Standard input can be read only once, so it is put down first: it is checked whole before it is loaded. */
  async #spoolStdin(): Promise<FileVersion> {
    const directory = await mkdtemp(join(tmpdir(), STDIN_FOLDER));
    this.#resources.add('copy of standard input', () => rm(directory, { recursive: true, force: true }));
    const path = join(directory, 'stdin');
    await pipeline(process.stdin, createWriteStream(path, { flags: 'wx', mode: 0o600 }), {
      signal: this.#interrupted.signal,
    });
    return await fileVersion(path);
  }
}

/** A file that failed or was held before and is named again: the first is tried again, the second if this limit lets it pass. */
async function onceMore(
  database: Queryable,
  file: SourceFileRow,
  owner: string,
  maxRejectPercent: number,
): Promise<SourceFileRow | undefined> {
  if (file.status === 'failed') return await retryFailedFile(database, file.fileId, owner);
  if (file.status !== 'held') return undefined;
  const share = { read: file.rowsRead + file.rowsWithheld, rejected: file.rowsRejected };
  return isAboveRejectLimit(share, maxRejectPercent) ? undefined : await releaseFile(database, file.fileId, owner);
}

async function fileVersion(name: string): Promise<FileVersion> {
  // The path is the user's word, so a link in it is followed, once and here.
  const path = await realpath(name).catch((error) => {
    throw new Error(`Nothing was loaded: ${plainText(name)} is not there`, { cause: error });
  });
  const stats = await stat(path, { bigint: true });
  if (!stats.isFile()) throw new Error(`Nothing was loaded: ${plainText(name)} is not a regular file`);
  return {
    name: basename(path),
    path,
    origin: 'cli',
    sizeBytes: Number(stats.size),
    fingerprint: fingerprintOf(stats),
  };
}
