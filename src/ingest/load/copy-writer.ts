import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/**
 * A server that has taken nothing for so long is counted as lost: a black-holed connection reports nothing by itself. The
 * socket does not tell either, as megabytes wait in the buffers of the two systems; with a slow server they alone take
 * minutes, so it is asked what it has taken before it is given up.
 */
const SILENCE_MS = 30_000;
const LOOKS_WITHIN_SILENCE = 3;
/**
 * What the server has taken is counted by whole messages. A line of a few KB a second has to bring one within the silence; what
 * one more message costs a fast one is not to be measured.
 */
const MESSAGE_BYTES = 64 * 1024;

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
  readonly #takenBytes: () => Promise<number | undefined>;
  readonly #silenceMs: number;
  readonly #pressureBytes: number;
  #error: Error | undefined;
  #onError: (error: Error) => void = () => {};

  /** `takenBytes`: how much of this COPY the server has taken; undefined where it does not say */
  constructor(
    client: pg.Client,
    sql: string,
    takenBytes: () => Promise<number | undefined>,
    silenceMs: number = SILENCE_MS,
  ) {
    this.#takenBytes = takenBytes;
    this.#silenceMs = silenceMs;
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
    let from = 0;
    // The last message takes the rest with it, so that none is small.
    for (; chunk.length - from >= 2 * MESSAGE_BYTES; from += MESSAGE_BYTES) {
      await this.#send(chunk.subarray(from, from + MESSAGE_BYTES));
    }
    await this.#send(chunk.subarray(from));
  }

  async #send(message: Buffer): Promise<void> {
    // Only behind one that fills the socket does the stream wait for the system; a smaller one may stay in the socket.
    const sent = message.length < this.#pressureBytes ? Buffer.from(message) : message;
    await this.#until((done) => this.#stream.write(sent, done));
  }

  /** Resolves when the server has taken all rows; they are visible to the transaction. */
  async finish(): Promise<void> {
    await this.#until((done) => this.#stream.end(done));
  }

  async #until(begin: (done: (error?: Error | null) => void) => void): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    let stopWatching = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        this.#onError = reject;
        stopWatching = this.#watch(reject);
        begin((error) => (error ? reject(error) : resolve()));
      });
    } finally {
      stopWatching();
    }
  }

  /** Calls `giveUp` once the server has taken nothing for too long; answers with what ends the watch. */
  #watch(giveUp: (error: Error) => void): () => void {
    let taken: number | undefined;
    let advancedAt = performance.now();
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;
    const look = async () => {
      // A server that can not even be asked takes nothing.
      const now = await this.#takenBytes().catch(() => undefined);
      if (isOver) return;
      if (now !== undefined && taken !== undefined && now > taken) advancedAt = performance.now();
      taken = now ?? taken;
      if (performance.now() - advancedAt < this.#silenceMs) lookLater();
      else giveUp(new CopyStalledError(`COPY made no progress for ${this.#silenceMs / 1000} s`));
    };
    const lookLater = () => {
      timer = setTimeout(() => void look(), this.#silenceMs / LOOKS_WITHIN_SILENCE);
    };
    lookLater();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }
}
