// The temporary directory of a run, and everything that has to be gone at its end.
import { chmod, mkdir, mkdtemp, rm, statfs } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventFiles } from './event-files.mjs';
import { Ledger } from './ledger.mjs';
import { OptionError } from './options.mjs';

const LEAST_BYTES = 1e9;
/** What a row takes as text, in the table and in the write-ahead log. */
const BYTES_PER_ROW = 500;
/** The same of those that j makes in the server, with their totals. */
const BYTES_PER_EVENT = 300;
/** Loaders in j. */
const ANALYTICS_LOADERS = 2;

export class Place {
  directory;
  /** the watched folder; `files` lie on the same file system, so that they can be renamed into it */
  input;
  data;
  files;
  psql;
  signal;
  /** of a server of one's own; undefined with the embedded one */
  databaseUrl;
  /** its main.js is the service that is measured; undefined for the one that is built here */
  main;
  #processes = [];

  static async open({ databaseUrl, size, psql, signal, main }) {
    if (databaseUrl !== undefined) await refuseTablesInUse(databaseUrl);
    const place = new Place();
    place.signal = signal;
    place.psql = psql;
    place.databaseUrl = databaseUrl;
    place.main = main;
    place.directory = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
    // Run by root, PostgreSQL has a user of its own, who has to get in.
    await chmod(place.directory, 0o711);
    place.input = join(place.directory, 'input');
    place.data = join(place.directory, 'data');
    const staging = join(place.directory, 'staging');
    for (const path of [place.input, staging]) await mkdir(path);
    place.files = new EventFiles(staging, signal);
    try {
      await requireSpace(place.directory, spaceFor(size));
    } catch (error) {
      await place.close();
      throw error;
    }
    return place;
  }

  /** Whatever becomes of the caller, the process is stopped at the end of the run. */
  keep(process) {
    this.#processes.push(process);
    return process;
  }

  /** Between two scenarios: nothing of the one takes the space of the other. */
  async clear() {
    await this.files.clear();
    await rm(this.input, { recursive: true, force: true });
    await mkdir(this.input);
  }

  async close() {
    for (const process of this.#processes) await process.stop();
    // Retried: a service that is stopped while it makes its database may leave an initdb behind that writes a moment longer.
    await rm(this.directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    if (this.databaseUrl !== undefined) await emptyTables(this.databaseUrl);
  }
}

async function refuseTablesInUse(url) {
  const ledger = await Ledger.open(url);
  const used = await ledger.tablesInUse().finally(() => ledger.close());
  if (used.length === 0) return;
  throw new OptionError(
    `--database-url: ${used.join(' and ')} of that database hold rows, which this would delete: name an empty database`,
  );
}

async function emptyTables(url) {
  const ledger = await Ledger.open(url);
  await ledger
    .tablesInUse()
    .then((used) => (used.length > 0 ? ledger.clean() : undefined))
    .finally(() => ledger.close());
}

/** Bytes that the most demanding scenarios take: f and b on many cores, j with many events, else g. */
function spaceFor({ busyRows, parallelRows, memoryBytes, analytics }) {
  const cores = availableParallelism();
  const rows = Math.max(busyRows * Math.min(cores, 8), parallelRows * 2 * cores, Math.max(...memoryBytes) / 110);
  const events = Math.max(...analytics) * BYTES_PER_EVENT + busyRows * ANALYTICS_LOADERS * BYTES_PER_ROW;
  return Math.max(LEAST_BYTES, rows * BYTES_PER_ROW, events);
}

async function requireSpace(directory, bytes) {
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize >= bytes) return;
  const gigabytes = (value) => (value / 1e9).toFixed(1);
  throw new OptionError(
    `${directory} has ${gigabytes(bavail * bsize)} GB left and ${gigabytes(bytes)} GB may be needed: set TMPDIR to a larger disk, or --rows to less`,
  );
}
