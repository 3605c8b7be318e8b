import type { Logger } from 'pino';
import type { Queryable } from '../database/client.ts';
import { isUniqueViolation } from '../database/database-error.ts';
import type { SourceFileRow } from '../database/schema.ts';
import { rootMessage } from '../error-code.ts';
import type { FileEvents } from './file-events.ts';
import { releaseFile } from './ledger/release-file.ts';
import { RemovalUnderWayError, revertFile } from './ledger/revert-file.ts';
import { LoadConnection } from './load/load-connection.ts';

/** Each takes a connection and the disk of the database from the loads that go on meanwhile. */
const MOST_AT_ONCE = 2;

/** As many removals as this process does at once are under way; the next one has to wait. */
export class TooManyRemovalsError extends Error {
  readonly code = 'too_many_removals';

  constructor() {
    super(`the rows of ${MOST_AT_ONCE} files are being taken out at the moment; try again when one of them is done`);
  }
}

export interface RowRemovalsOptions {
  readonly connectionString: string;
  readonly events: FileEvents;
  readonly log: Logger;
  /** called with a file that waits to be loaded again */
  readonly onQueued: (file: SourceFileRow) => void;
}

/**
 * Takes rows out of the tables because somebody said so. Over a connection of its own for each file, since it lasts as long
 * as there are rows, and longer than the queries of a pool may; and to its end, whoever has stopped waiting for it.
 */
export class RowRemovals {
  readonly #options: RowRemovalsOptions;
  readonly #running = new Map<number, { readonly done: Promise<unknown>; readonly connection: LoadConnection }>();

  constructor(options: RowRemovalsOptions) {
    this.#options = options;
  }

  /**
   * Takes the rows of a loaded file out, or discards a held one. Undefined where it is neither.
   * @throws RemovalUnderWayError; TooManyRemovalsError; what the database throws, and then nothing has happened
   */
  async revert(fileId: number): Promise<SourceFileRow | undefined> {
    const { events, log } = this.#options;
    const [reverted, ...others] = await this.#remove(fileId, (database) => revertFile(database, fileId));
    if (reverted === undefined) return undefined;
    const { name, rowsWithheld } = reverted;
    log.info({ fileId, name, rows: rowsWithheld }, 'the rows of the file were taken out');
    for (const file of [reverted, ...others]) events.fileChanged(file);
    return reverted;
  }

  /**
   * Sends a held file through once more, to be loaded whatever is rejected of it. Undefined where it is not held.
   * @throws as `revert`; a violation of `source_files_open_path_key` where its path is waiting as another version
   */
  async release(fileId: number): Promise<SourceFileRow | undefined> {
    const released = await this.#remove(fileId, (database) => releaseFile(database, fileId));
    if (released === undefined) return undefined;
    this.#options.log.info({ fileId, name: released.name }, 'the held file is released');
    this.#options.onQueued(released);
    return released;
  }

  /** Rolls back what is under way: a removal that was not finished has not happened. */
  async close(): Promise<void> {
    const running = [...this.#running.values()];
    for (const { connection } of running) connection.discard();
    await Promise.allSettled(running.map(({ done }) => done));
  }

  async #remove<Result>(fileId: number, work: (database: Queryable) => Promise<Result>): Promise<Result> {
    if (this.#running.has(fileId)) throw new RemovalUnderWayError(fileId);
    if (this.#running.size >= MOST_AT_ONCE) throw new TooManyRemovalsError();
    const connection = new LoadConnection(this.#options.connectionString, 'sluice-removal');
    const done = connection.database().then(work);
    this.#running.set(fileId, { done, connection });
    try {
      return await done;
    } catch (error) {
      // Whoever asked may have stopped waiting for the answer; what is no fault of anything is no news for the log.
      if (!(error instanceof RemovalUnderWayError || isUniqueViolation(error, 'source_files_open_path_key'))) {
        this.#options.log.warn({ fileId, error: rootMessage(error) }, 'nothing was taken out of the file');
      }
      throw error;
    } finally {
      this.#running.delete(fileId);
      connection.discard();
    }
  }
}
