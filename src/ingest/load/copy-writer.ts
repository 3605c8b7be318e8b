import { once } from 'node:events';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** A server that takes no byte for so long is taken for lost: a black-holed connection reports nothing by itself. */
const PROGRESS_DEADLINE_MS = 30_000;

/** The server did not take or confirm data in time; the connection is of no use any more. */
export class CopyStalledError extends Error {
  readonly code = 'copy_stalled';
}

/**
 * One COPY … FROM STDIN on a connection of its own. After any error, or when it is abandoned, the connection must be
 * closed: that is the one way to end a COPY that needs no answer from the server.
 */
export class CopyWriter {
  readonly #stream: ReturnType<typeof copyFrom>;
  #error: Error | undefined;

  constructor(client: pg.Client, sql: string) {
    this.#stream = client.query(copyFrom(sql, { highWaterMark: 1024 * 1024 }));
    // The server may refuse a row while nobody waits here; the next call reports it.
    this.#stream.on('error', (error: Error) => {
      this.#error = error;
    });
  }

  /** Resolves when there is room for more: this is where a slow server slows the reader down. */
  async write(chunk: Buffer): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    if (!this.#stream.write(chunk)) await this.#event('drain');
  }

  /** Resolves when the server has taken all rows; they are visible to the transaction. */
  async finish(): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    this.#stream.end();
    await this.#event('finish');
  }

  async #event(name: 'drain' | 'finish'): Promise<void> {
    const deadline = AbortSignal.timeout(PROGRESS_DEADLINE_MS);
    try {
      await once(this.#stream, name, { signal: deadline });
    } catch (error) {
      if (!deadline.aborted) throw error;
      throw new CopyStalledError(`COPY made no progress for ${PROGRESS_DEADLINE_MS / 1000} s`, { cause: error });
    }
  }
}
