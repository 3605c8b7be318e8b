import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';

/** What a process has opened, in order; whoever opens something says here how it is closed. */
export class OpenResources {
  readonly #log: Logger;
  readonly #open: {
    readonly name: string;
    readonly close: (closingForMs: number) => Promise<void>;
    readonly withinMs: number;
  }[] = [];

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * `close` is told for how long the closing has been going on. After `withinMs` it is left to itself and the next
   * step begins: an unresponsive database must not hold up the end of the process.
   */
  add(name: string, close: (closingForMs: number) => Promise<void>, withinMs = 5000): void {
    this.#open.push({ name, close, withinMs });
  }

  /** Closes everything in the reverse order of its opening; a step that fails or hangs does not keep the others open. */
  async close(): Promise<void> {
    const begin = performance.now();
    for (let step = this.#open.pop(); step !== undefined; step = this.#open.pop()) {
      const { name, close, withinMs } = step;
      this.#log.debug({ step: name }, 'closing');
      const waiting = new AbortController();
      const closed = close(performance.now() - begin).catch((error) =>
        this.#log.error({ err: error, step: name }, 'closing failed'),
      );
      const timeUp = delay(withinMs, undefined, { signal: waiting.signal }).then(
        () => this.#log.warn({ step: name }, 'closing takes too long; going on without it'),
        () => {},
      );
      await Promise.race([closed, timeUp]);
      waiting.abort();
    }
  }
}
