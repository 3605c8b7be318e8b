import type { Logger } from 'pino';
import type { Queryable } from '../../database/client.ts';
import { settleAbandonedAsides } from './abandoned-asides.ts';
import { removeAbandonedTemporaries } from './abandoned-temporaries.ts';
import type { UploadSpool } from './upload-spool.ts';

const INTERVAL_MS = 60_000;

export interface FolderUpkeepOptions {
  readonly database: Queryable;
  /** the watched folder */
  readonly directory: string;
  readonly spool: Pick<UploadSpool, 'purge'>;
  readonly log: Logger;
}

/** Clears away what processes that have died left in the folder, at the start and every minute: it may have been another one. */
export class FolderUpkeep {
  readonly #options: FolderUpkeepOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(options: FolderUpkeepOptions) {
    this.#options = options;
  }

  start(): void {
    const run = () => {
      this.#running ??= this.#run();
    };
    this.#timer = setInterval(run, INTERVAL_MS);
    run();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { spool, directory, log } = this.#options;
    const tasks = [
      () => spool.purge(),
      () => settleAbandonedAsides(this.#options),
      () => removeAbandonedTemporaries(directory),
    ];
    for (const task of tasks) {
      try {
        await task();
      } catch (error) {
        // The folder or the database is away, of which others tell; nothing is urgent here.
        log.debug({ err: error }, 'what was left in the folder could not be looked at');
      }
    }
    this.#running = undefined;
  }
}
