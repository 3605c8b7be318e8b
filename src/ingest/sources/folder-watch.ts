import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { Logger } from 'pino';
import { isSourceName } from './file-name.ts';

/** Whether file system events come, or only the scans find files. */
export type WatchState = 'watching' | 'rescan-only';

/**
 * Watching costs system calls for each file of the folder, so where it fails it is tried again behind so many scans, and
 * behind twice as many after each further failure, up to the most.
 */
const WATCH_AGAIN_SCANS = 12;
const MOST_SCANS_BETWEEN = 768;

export interface FolderWatchOptions {
  readonly directory: string;
  readonly log: Logger;
  /** something happened to the file of this name */
  readonly onHint: (name: string) => void;
  /** something happened to the folder: all of it has to be looked at */
  readonly onUnsure: () => void;
}

/** File system events of a folder, for as long as the system gives them, and again when it gives them again. */
export class FolderWatch {
  readonly #options: FolderWatchOptions;
  #watcher: FSWatcher | undefined;
  #state: WatchState = 'rescan-only';
  #isClosed = false;
  #hasFailed = false;
  #isReported = false;
  #scansSince = 0;
  #scansBetween = WATCH_AGAIN_SCANS;
  #folder: string | undefined;

  constructor(options: FolderWatchOptions) {
    this.#options = options;
  }

  get state(): WatchState {
    return this.#state;
  }

  start(): void {
    const { directory, log, onHint, onUnsure } = this.#options;
    const watcher = watch(directory, {
      depth: 0,
      followSymlinks: false,
      ignoreInitial: true,
      ignorePermissionErrors: true,
      // Only hints come from here; whether a file is complete is decided by looking at it.
      awaitWriteFinish: false,
      ignored: (path, stats) => path !== directory && (stats?.isFile() === false || !isSourceName(basename(path))),
    });
    this.#hasFailed = false;
    this.#scansSince = 0;
    const hint = (path: string) => onHint(basename(path));
    watcher.on('add', hint).on('change', hint);
    watcher.on('ready', () => {
      // After an error it is ready for a part of the folder only.
      if (!this.#hasFailed) {
        this.#state = 'watching';
        if (this.#isReported) log.info({ directory }, 'the folder is watched again');
        this.#isReported = false;
        this.#scansBetween = WATCH_AGAIN_SCANS;
      }
      // What arrived between the first scan and now was seen by neither.
      onUnsure();
    });
    watcher.on('unlinkDir', (path) => {
      if (path === directory) onUnsure();
    });
    watcher.on('error', (error) => {
      this.#state = 'rescan-only';
      this.#hasFailed = true;
      // Where the system's limit of watches is reached, each file of the folder brings this error, at each attempt.
      if (this.#isReported) return;
      this.#isReported = true;
      log.warn({ err: error, directory }, 'the folder can not be watched; scanning it instead');
    });
    this.#watcher = watcher;
  }

  /**
   * To be called behind each scan. A watch ends silently with its folder, so it begins anew where the folder was away,
   * or another one has taken its place (a mount that came or went, a rename); and from time to time where it had failed.
   */
  async afterScan(wasAway: boolean): Promise<void> {
    const { dev, ino } = await stat(this.#options.directory, { bigint: true });
    const folder = `${dev}:${ino}`;
    const isAnother = this.#folder !== undefined && this.#folder !== folder;
    this.#folder = folder;
    this.#scansSince += 1;
    const isDue = this.#hasFailed && this.#scansSince >= this.#scansBetween;
    if (!wasAway && !isAnother && !isDue) return;
    if (isDue) this.#scansBetween = Math.min(2 * this.#scansBetween, MOST_SCANS_BETWEEN);
    this.#state = 'rescan-only';
    await this.#watcher?.close();
    if (!this.#isClosed) this.start();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#watcher?.close();
  }
}
