import { Socket } from 'node:net';
import type pg from 'pg';

/** Counts as a network error: the work is done again over another connection. */
class SilentServerError extends Error {
  readonly code = 'ETIMEDOUT';
}

/**
 * Closes a connection over which nothing has gone for too long while an answer is due: a frozen server or a
 * black-holed line reports nothing by itself. What waits for the answer rejects then.
 */
export class SilenceLimit {
  readonly #socket: Socket | undefined;
  /** how much had been sent when the last answer was complete: more is a question */
  #answeredUpTo = 0;
  #isResting = false;

  /** `client` is connected: before that its socket may still be exchanged for one with TLS. */
  constructor(client: pg.Client) {
    const { stream } = client.connection;
    if (!(stream instanceof Socket)) return;
    this.#socket = stream;
    this.#answeredUpTo = stream.bytesWritten;
    client.on('drain', () => {
      this.#answeredUpTo = stream.bytesWritten;
    });
    stream.on('timeout', () => {
      // A loader that reads a giant for minutes asks nothing in between.
      if (this.#isResting || stream.bytesWritten > this.#answeredUpTo)
        stream.destroy(new SilentServerError('the database server has been silent for too long'));
    });
  }

  /** From now on answers may take `ms` milliseconds. */
  allow(ms: number): void {
    this.#isResting = false;
    this.#socket?.setTimeout(ms);
  }

  /** Nobody needs the connection now: it is closed in `ms` milliseconds unless `allow` is called before. */
  rest(ms: number): void {
    this.#isResting = true;
    this.#socket?.setTimeout(ms);
  }
}
