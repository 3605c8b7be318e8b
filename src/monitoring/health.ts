import { sql } from 'drizzle-orm';
import type { Queryable } from '../database/client.ts';

const PROBE_TIMEOUT_MS = 2000;
/** Probes closer together share an answer, so that a flood of them does not become one of queries. */
const FRESH_MS = 250;

export type DatabaseState = 'ok' | 'starting' | 'unavailable';

/** Whether the database answers. It is asked when somebody wants to know, at most a few times a second. */
export class Health {
  readonly #database: Queryable;
  #isMigrated = false;
  #probe: { readonly at: number; readonly answer: Promise<boolean> } | undefined;

  constructor(database: Queryable) {
    this.#database = database;
  }

  /** The schema is in place: from now on the service can work. */
  migrated(): void {
    this.#isMigrated = true;
    this.#probe = undefined;
  }

  async database(): Promise<DatabaseState> {
    if (!this.#isMigrated) return 'starting';
    const now = performance.now();
    if (this.#probe === undefined || now - this.#probe.at > FRESH_MS) {
      this.#probe = { at: now, answer: this.#ask() };
    }
    return (await this.#probe.answer) ? 'ok' : 'unavailable';
  }

  async #ask(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), PROBE_TIMEOUT_MS);
    });
    const answer = this.#database.execute(sql`select 1`).then(
      () => true,
      () => false,
    );
    return await Promise.race([answer, timeout]).finally(() => clearTimeout(timer));
  }
}
