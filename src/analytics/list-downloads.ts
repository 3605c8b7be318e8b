import type { Readable } from 'node:stream';
import type { SQLWrapper } from 'drizzle-orm';
import type { Database } from '../database/client.ts';
import { type PacedLimits, pacedText } from './paced-text.ts';
import { SnapshotCursor } from './snapshot-cursor.ts';

export interface DownloadLimits extends PacedLimits {
  /** the other connections are for everybody else */
  readonly atOnce: number;
}

/** As many downloads as there may be are under way. */
export class DownloadsBusyError extends Error {
  readonly code = 'downloads_busy';
}

/** A list as it is downloaded: its statement, and the text that its rows make. */
export interface DownloadedList {
  readonly select: SQLWrapper;
  /** in front of the rows */
  readonly head: string;
  readonly toText: (rows: readonly Record<string, unknown>[]) => string;
}

/** Whole lists as streams of text, each in one snapshot, however long they are and however slowly they are taken. */
export class ListDownloads {
  readonly #database: Database;
  readonly #limits: DownloadLimits;
  #open = 0;

  constructor(database: Database, limits: DownloadLimits) {
    this.#database = database;
    this.#limits = limits;
  }

  /**
   * Resolves when the first rows are there, so that what fails before them can still be answered as such. What fails later is the
   * error of the stream. Whoever destroys the stream, or aborts `gone` before there is one, has the connection back at once.
   * @throws DownloadsBusyError; what the database throws
   */
  async start({ select, head, toText }: DownloadedList, gone: AbortSignal): Promise<Readable> {
    const cursor = await this.#openCursor();
    const close = () => cursor.close();
    gone.addEventListener('abort', close);
    try {
      gone.throwIfAborted();
      await cursor.declare(select);
      const first = `${head}${toText(await cursor.next())}`;
      gone.throwIfAborted();
      const next = async () => {
        const rows = await cursor.next();
        return rows.length === 0 ? undefined : toText(rows);
      };
      return pacedText({ first, next, close }, this.#limits);
    } catch (error) {
      close();
      throw error;
    } finally {
      gone.removeEventListener('abort', close);
    }
  }

  async #openCursor(): Promise<SnapshotCursor> {
    const { atOnce } = this.#limits;
    if (this.#open >= atOnce) throw new DownloadsBusyError(`whole lists are being downloaded: ${atOnce} at once`);
    this.#open += 1;
    const onClosed = () => {
      this.#open -= 1;
    };
    try {
      return new SnapshotCursor(await this.#database.$client.connect(), onClosed);
    } catch (error) {
      onClosed();
      throw error;
    }
  }
}
