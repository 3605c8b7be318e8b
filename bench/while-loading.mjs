import { setTimeout as delay } from 'node:timers/promises';
import { WrongResultError } from './ledger.mjs';
import { deadlineOf } from './service.mjs';

const POLL_MS = 10;
const CLAIM_MS = 10_000;

/**
 * Does something while each of these files keeps a loader busy, then waits for their end and checks them. `work` is given a function that
 * tells whether all of them are still loading.
 */
export async function whileLoading({ place, service, files }, work) {
  const { ledger } = service;
  const entered = service.names(files);
  const names = entered.map(({ name }) => name);
  const count = async (status) => {
    const [{ number }] = await ledger.rows(
      'select count(*)::int as number from source_files where name = any($1) and status = $2',
      [names, status],
    );
    return number;
  };
  const until = async (condition, withinMs) => {
    const start = performance.now();
    while (!(await condition())) {
      if (performance.now() - start > withinMs) throw new Error(`the files ${names.join(', ')} do not get on`);
      await delay(POLL_MS, undefined, { signal: place.signal });
    }
  };
  try {
    await service.enter(entered);
    await until(async () => (await count('loading')) === files.length, CLAIM_MS);
    await work(async () => (await count('loading')) === files.length);
    await until(async () => (await count('queued')) + (await count('loading')) === 0, deadlineOf(files));
    for (const { name, file } of entered) {
      const [row] = await ledger.rows(
        `select f.rows_loaded::int as told, (select count(*)::int from user_events e where e.file_id = f.file_id) as held
           from source_files f where name = $1`,
        [name],
      );
      if (row.told !== file.rows || row.held !== file.rows) {
        throw new WrongResultError(`${name}: ${JSON.stringify(row)} where ${file.rows} rows were expected`);
      }
    }
  } finally {
    await service.leave(entered);
  }
}

/** The time in which every loader was seen busy, for the answers that a client in another thread was given meanwhile. */
export class BusyWindow {
  #from = 0;
  #to = 0;

  /** Looks every `everyMs`, for so many seconds or until one of them is not loading any more; `look` is called at each. */
  async watch(isLoading, { seconds = Number.POSITIVE_INFINITY, everyMs, signal, look }) {
    const start = Date.now();
    if (this.#from === 0) this.#from = start;
    while (Date.now() < start + seconds * 1000) {
      await delay(everyMs, undefined, { signal });
      const at = Date.now();
      if (!(await isLoading())) break;
      this.#to = at;
      await look?.();
    }
  }

  /**
   * Samples `{ sentAt, ms, status }` within it. What was answered after the last look at busy loaders was perhaps answered by an
   * idle service: it counts as what it had taken by then, where that is longer than `limitMs` already, and else not at all.
   */
  within(samples, limitMs) {
    return samples.flatMap((sample) => {
      const { sentAt, ms } = sample;
      if (sentAt < this.#from || sentAt > this.#to) return [];
      if (sentAt + ms <= this.#to) return [sample];
      return this.#to - sentAt > limitMs ? [{ ...sample, ms: this.#to - sentAt, status: 200 }] : [];
    });
  }
}
