import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { openDatabase } from '../database/client.ts';
import type { SourceFileRow } from '../database/schema.ts';
import type { OpenResources } from '../open-resources.ts';
import { FileEvents } from './file-events.ts';
import { IngestQueue, ROLL_BACK_MS } from './ingest-queue.ts';
import { parkFile } from './load/park-file.ts';
import { RowRemovals } from './row-removals.ts';
import { DeltaFolder } from './totals/delta-folder.ts';
import { WorkerPool } from './worker/worker-pool.ts';

/** The entry of a loader thread, for compiled code: a thread knows no TypeScript. */
export const WORKER_FILE = fileURLToPath(new URL('./worker/worker-entry.cjs', import.meta.url));

const QUEUE_CONNECTIONS = 3;
const CLOSE_POOL_MS = 500;
const CLOSE_REMOVALS_MS = 500;
const CLOSE_FOLDER_MS = 1000;

export interface LoaderOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly connectionString: string;
  readonly workerFile: string;
  readonly claims: 'all' | 'submitted';
  /** how long running loads may go on from the beginning of a stop until they are rolled back, in milliseconds */
  readonly drainMs: number;
  readonly afterLoad: (file: SourceFileRow) => Promise<void>;
}

/** The loading side of a process: a queue, its threads, and what they tell; the queue is not started yet. */
export function openLoaders(
  options: LoaderOptions,
  resources: OpenResources,
): { queue: IngestQueue; events: FileEvents; removals: RowRemovals; folder: DeltaFolder } {
  const { config, log, connectionString, workerFile, claims, afterLoad } = options;
  const ledger = openDatabase({
    connectionString,
    applicationName: 'sluice-queue',
    maxConnections: QUEUE_CONNECTIONS,
    onError: (error) => log.warn({ err: error }, 'a database connection was lost'),
  });
  resources.add('database pool of the queue', () => ledger.$client.end(), CLOSE_POOL_MS);

  const events = new FileEvents();
  const workers = new WorkerPool({
    threads: config.LOADERS,
    workerFile,
    settings: {
      connectionString,
      commitRows: config.COMMIT_ROWS,
      maxRecordBytes: config.MAX_RECORD_BYTES,
      maxRejectPercent: config.MAX_REJECT_PERCENT,
      settleMs: config.SETTLE_MS,
      timeZone: config.TIMEZONE,
    },
    onMessage: (message) => {
      if (message.kind === 'commit') events.fileChanged(message.file);
      else events.progressed(message);
    },
    onError: (error) => log.error({ err: error }, 'an idle loader thread ended and was replaced'),
  });
  resources.add('loader threads', () => workers.destroy());

  const park = (file: SourceFileRow, message: string) => parkFile(connectionString, file, message);
  const queue = new IngestQueue({ database: ledger, park, workers, events, log, afterLoad, claims });
  resources.add(
    'ingest queue',
    // Running loads go on while what was opened later is being closed.
    (closingForMs) => queue.drain(Math.max(0, options.drainMs - closingForMs)),
    options.drainMs + ROLL_BACK_MS,
  );

  const onQueued = (file: SourceFileRow) => queue.announce([file]);
  const removals = new RowRemovals({ connectionString, events, log, onQueued });
  resources.add('removals of rows', () => removals.close(), CLOSE_REMOVALS_MS);

  const folder = new DeltaFolder({ database: ledger, log, isLoading: () => events.isLoading });
  events.onFile(() => folder.committed());
  resources.add('folder of the totals', () => folder.close(), CLOSE_FOLDER_MS);
  return { queue, events, removals, folder };
}
