import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/**
 * A server that has not taken a chunk, of some megabytes at most, after so long is taken for lost: a black-holed connection
 * reports nothing by itself, and the socket does not tell how much of a chunk has gone.
 */
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
  readonly #pressureBytes: number;
  #error: Error | undefined;
  #onError: (error: Error) => void = () => {};

  constructor(client: pg.Client, sql: string) {
    this.#stream = client.query(copyFrom(sql));
    this.#pressureBytes = client.connection.stream.writableHighWaterMark;
    // The server may refuse a row while nobody waits here; the next call reports it.
    this.#stream.on('error', (error: Error) => {
      this.#error = error;
      this.#onError(error);
    });
  }

  /**
   * Resolves when the system has taken the bytes, and the chunk is the caller's again. This is where a slow server slows
   * the reader down; what is still on its way is in the buffers of the two sockets.
   */
  async write(chunk: Buffer): Promise<void> {
    // Only behind a chunk that fills the socket does the stream wait for the system; a smaller one may stay in the socket.
    const sent = chunk.length < this.#pressureBytes ? Buffer.from(chunk) : chunk;
    await this.#until((done) => this.#stream.write(sent, done));
  }

  /** Resolves when the server has taken all rows; they are visible to the transaction. */
  async finish(): Promise<void> {
    await this.#until((done) => this.#stream.end(done));
  }

  async #until(begin: (done: (error?: Error | null) => void) => void): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    let deadline: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#onError = reject;
        const message = `COPY made no progress for ${PROGRESS_DEADLINE_MS / 1000} s`;
        deadline = setTimeout(() => reject(new CopyStalledError(message)), PROGRESS_DEADLINE_MS);
        begin((error) => (error ? reject(error) : resolve()));
      });
    } finally {
      clearTimeout(deadline);
    }
  }
}
