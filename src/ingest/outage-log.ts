import type { Logger } from 'pino';
import { isDatabaseAway } from '../database/database-error.ts';

/** Errors of the database in the log: an outage is told once, not every second. */
export class OutageLog {
  readonly #log: Logger;
  #isAway = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  report(error: unknown, message: string): void {
    if (isDatabaseAway(error)) this.away({ err: error }, message);
    else this.#log.error({ err: error }, message);
  }

  /** The same for an error that was seen, and known for an outage, by another thread. */
  away(details: object, message: string): void {
    if (this.#isAway) return;
    this.#isAway = true;
    this.#log.warn(details, `the database is away: ${message}`);
  }

  answered(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#log.info('the database is back');
  }
}
