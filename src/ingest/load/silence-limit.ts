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
  readonly #isAtWork: () => Promise<boolean>;
  /** how much had been sent when the last answer was complete: more is a question */
  #answeredUpTo = 0;
  #isResting = false;
  /** until when it counts, on the monotonic clock, that the server says to be at work */
  #patientUntil = 0;
  #allowances = 0;

  /**
   * `client` is connected: before that its socket may still be exchanged for one with TLS. `isAtWork`: whether the server, asked
   * in another way, says that it works for this connection.
   */
  constructor(client: pg.Client, isAtWork: () => Promise<boolean>) {
    this.#isAtWork = isAtWork;
    const { stream } = client.connection;
    if (!(stream instanceof Socket)) return;
    this.#socket = stream;
    this.#answeredUpTo = stream.bytesWritten;
    client.on('drain', () => {
      this.#answeredUpTo = stream.bytesWritten;
    });
    stream.on('timeout', () => {
      // A loader that reads a giant for minutes asks nothing in between.
      if (this.#isResting || stream.bytesWritten > this.#answeredUpTo) void this.#giveUpUnlessAtWork(stream);
    });
  }

  /**
   * From now on answers may take `ms` milliseconds; or, where the server says each time that it is at work, `atWorkMs` in
   * all.
   */
  allow(ms: number, atWorkMs = 0): void {
    this.#isResting = false;
    this.#allowances += 1;
    this.#patientUntil = performance.now() + atWorkMs;
    this.#socket?.setTimeout(ms);
  }

  /** Nobody needs the connection now: it is closed in `ms` milliseconds unless `allow` is called before. */
  rest(ms: number): void {
    this.#isResting = true;
    this.#allowances += 1;
    this.#patientUntil = 0;
    this.#socket?.setTimeout(ms);
  }

  async #giveUpUnlessAtWork(socket: Socket): Promise<void> {
    const allowance = this.#allowances;
    if (performance.now() < this.#patientUntil) {
      const isAtWork = await this.#isAtWork().catch(() => false);
      // The answer may have come meanwhile, and another question be under way.
      if (allowance !== this.#allowances) return;
      if (isAtWork || socket.bytesWritten === this.#answeredUpTo) {
        socket.setTimeout(socket.timeout ?? 0);
        return;
      }
    }
    socket.destroy(new SilentServerError('the database server has been silent for too long'));
  }
}
