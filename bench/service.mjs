// One running service with its folder and a look into its database, and the two contestants on it.
import { rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Ledger, WrongResultError } from './ledger.mjs';
import { SluiceProcess } from './sluice-process.mjs';

const LEAST_DEADLINE_MS = 60_000;
/** Five times slower than ever seen: what takes longer hangs. */
const SLOWEST_ROWS_PER_MS = 20;
/** By then Node has compiled what runs often; a service that runs for days is always that warm. */
const WARM_UP_ROWS = 20_000;
const WARM_UP_SEED = 90;

export class Service {
  process;
  ledger;
  databaseUrl;
  #place;
  #samples = 0;

  /** Starts it on the one database of the run, and lets all contestants load a small file for each loader, unmeasured. */
  static async open(place, settings, { warm = true } = {}) {
    const service = new Service();
    service.#place = place;
    const all = { INPUT_DIR: place.input, DATA_DIR: place.data, ...settings };
    if (place.databaseUrl !== undefined) all.DATABASE_URL = place.databaseUrl;
    service.process = place.keep(new SluiceProcess(all, place.directory, place.main));
    await service.process.ready(place.signal);
    try {
      service.databaseUrl = place.databaseUrl ?? (await service.process.databaseUrl());
      service.ledger = await Ledger.open(service.databaseUrl);
      await service.ledger.clean();
      if (warm) await service.#warmUp(Number(settings.LOADERS ?? 1));
    } catch (error) {
      await service.close();
      throw error;
    }
    return service;
  }

  async #warmUp(loaders) {
    const files = [];
    for (let i = 0; i < loaders; i += 1) {
      files.push(await this.#place.files.clean({ rows: WARM_UP_ROWS, seed: WARM_UP_SEED + i }));
    }
    await this.load(files);
    if (this.#place.psql !== undefined) await this.copy(files);
  }

  async close() {
    // Before the server goes, which would break it.
    await this.ledger?.close();
    await this.process.stop();
  }

  /** Seconds that Sluice takes to load the files: from before the first rename until the ledger says `loaded` for all. */
  async load(files, { withinMs = deadlineOf(files) } = {}) {
    await this.ledger.clean();
    const entered = this.names(files);
    try {
      const start = performance.now();
      await this.enter(entered);
      await this.ledger.allLoaded(files.length, { withinMs, signal: this.#place.signal });
      const seconds = (performance.now() - start) / 1000;
      await this.ledger.verify(new Map(entered.map(({ name, file }) => [name, file])));
      return seconds;
    } finally {
      await this.leave(entered);
    }
  }

  /** Seconds that psql takes, one process for each file, all at once: from the first start to the last exit. */
  async copy(files) {
    return this.timed(files, async () => {
      const copies = files.map((file) => this.#place.psql.copyFile(this.databaseUrl, file, this.#place.signal));
      // Settled, not all: where one fails, the others must have ended before anything else goes on.
      for (const { reason } of await Promise.allSettled(copies)) if (reason !== undefined) throw reason;
    });
  }

  /** Seconds that `work` takes to put the rows of these files into the table, in another way than by Sluice. */
  async timed(files, work) {
    await this.ledger.clean();
    const start = performance.now();
    await work();
    const seconds = (performance.now() - start) / 1000;
    const [{ events }] = await this.ledger.rows('select count(*)::int as events from user_events');
    const expected = files.reduce((sum, { rows }) => sum + rows, 0);
    if (events !== expected) throw new WrongResultError(`psql loaded ${events} rows of ${expected}`);
    return seconds;
  }

  /** Where the files go, under names that the service has not seen. */
  names(files) {
    this.#samples += 1;
    return files.map((file) => {
      const name = `${this.#samples}-${basename(file.path)}`;
      return { file, name, path: join(this.#place.input, name) };
    });
  }

  async enter(entered) {
    await Promise.all(entered.map(({ file, path }) => rename(file.path, path)));
  }

  /** Takes the files out again: at the next start they would be loaded, their ledger rows being gone. */
  async leave(entered) {
    await Promise.all(entered.map(({ file, path }) => rename(path, file.path).catch(() => {})));
  }
}

/** As long as the files may take before something must be wrong. */
export function deadlineOf(files) {
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  return Math.max(LEAST_DEADLINE_MS, rows / SLOWEST_ROWS_PER_MS);
}
