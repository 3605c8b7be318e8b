// The files that are loaded. They lie ready before any clock runs, beside the watched folder, synced and with an old
// modification time, so that the service need not wait whether they grow.
import { mkdir, open, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGzip } from 'node:zlib';
import { encodings } from './encodings.mjs';
import { OtherUsers } from './other-users.mjs';
import { runProgram } from './run-program.mjs';

const GENERATOR = fileURLToPath(new URL('../dist/cli/generate.js', import.meta.url));
/** Larger files repeat the rows of one of this size: the generator makes 200,000 rows a second, a disk writes 10 million. */
const GENERATED_ROWS = 100_000;
const AGE_MS = 3_600_000;

export class EventFiles {
  #directory;
  #signal;
  #generated = new Map();
  #made = 0;

  constructor(directory, signal) {
    this.#directory = directory;
    this.#signal = signal;
  }

  /**
   * A clean file of about so many rows; `encoding` is a name of encodings.mjs. Another seed gives other content. It has the events of
   * 10,000 users, a few of them hot; with `users` each row is another one's of so many, as far as they go.
   * @returns `{ path, rows, rejected, bytes, gzip }`, where `rows` is the exact number
   */
  async clean({ rows, seed = 1, encoding = 'plain', gzip = false, users }) {
    const repeats = Math.ceil(rows / GENERATED_ROWS);
    const rowsEach = Math.round(rows / repeats);
    const { header, body } = encodings[encoding](await this.#generate(rowsEach, seed));
    const name = `${encoding}-${rows}-${seed}${users === undefined ? '' : `-${users}`}.csv${gzip ? '.gz' : ''}`;
    const others = users === undefined ? undefined : new OtherUsers(body, users);
    const block = (index) => others?.block((seed * repeats + index) * rowsEach) ?? body;
    return this.#write(name, { header, block, repeats, rows: rowsEach * repeats, gzip });
  }

  /** A clean file of about so many bytes. */
  async cleanBytes(bytes, seed = 1) {
    const rows = Math.min(GENERATED_ROWS, Math.max(1000, Math.round(bytes / 110)));
    const { header, body } = encodings.plain(await this.#generate(rows, seed));
    const repeats = Math.max(1, Math.round(bytes / body.length));
    const total = rows * repeats;
    return this.#write(`size-${bytes}-${seed}.csv`, { header, block: () => body, repeats, rows: total, gzip: false });
  }

  /** One file in which every tenth row is dirty. */
  async dirty(rows, seed = 1) {
    const directory = await this.#newDirectory();
    const [path] = await this.#run(directory, ['--rows', rows, '--dirty', '0.1', '--seed', seed, '--manifest']);
    const manifest = join(
      directory,
      (await readdir(directory)).find((name) => name.endsWith('.expected.json')),
    );
    const { rowsRead, rowsRejected } = JSON.parse(await readFile(manifest, 'utf8'));
    await settle(path);
    return { path, rows: rowsRead, rejected: rowsRejected, bytes: (await stat(path)).size, gzip: false };
  }

  /** Many files of ten rows, no two with the same content. */
  async small(count, seed = 1) {
    const directory = await this.#newDirectory();
    const paths = await this.#run(directory, ['--rows', count * 10, '--files', count, '--seed', seed]);
    for (const path of paths) await age(path);
    // All at once: one by one takes longer than the loads that follow.
    await runProgram('sync', []);
    return paths.map((path) => ({ path, rows: 10, rejected: 0, gzip: false }));
  }

  /** Removes every file made so far, but for the small ones that others are made of. */
  async clear() {
    const kept = new Set([...this.#generated.values()].map((path) => basename(dirname(path))));
    for (const name of await readdir(this.#directory)) {
      if (!kept.has(name)) await rm(join(this.#directory, name), { recursive: true });
    }
  }

  async #generate(rows, seed) {
    const key = `${rows}/${seed}`;
    if (!this.#generated.has(key)) {
      const directory = await this.#newDirectory();
      const [path] = await this.#run(directory, ['--rows', rows, '--seed', seed]);
      this.#generated.set(key, path);
    }
    return readFile(this.#generated.get(key));
  }

  async #run(directory, args) {
    const all = [GENERATOR, ...args.map(String), '--out', directory];
    // In the directory, where no .env file of a developer is.
    await runProgram(process.execPath, all, { signal: this.#signal, cwd: directory });
    const names = await readdir(directory);
    return names
      .filter((name) => !name.startsWith('.'))
      .sort()
      .map((name) => join(directory, name));
  }

  async #newDirectory() {
    this.#made += 1;
    const directory = join(this.#directory, `generated-${this.#made}`);
    await mkdir(directory);
    return directory;
  }

  async #write(name, { header, block, repeats, rows, gzip }) {
    const path = join(this.#directory, name);
    const chunks = function* () {
      yield header;
      for (let i = 0; i < repeats; i += 1) yield block(i);
    };
    const file = await open(path, 'w');
    const steps = [Readable.from(chunks()), ...(gzip ? [createGzip()] : []), file.createWriteStream()];
    await pipeline(steps, { signal: this.#signal });
    await settle(path);
    return { path, rows, rejected: 0, bytes: (await stat(path)).size, gzip };
  }
}

/** What is still in memory would be written to the disk while the first run is measured. */
async function settle(path) {
  const file = await open(path, 'r+');
  await file.sync();
  await file.close();
  await age(path);
}

async function age(path) {
  const then = new Date(Date.now() - AGE_MS);
  await utimes(path, then, then);
}
