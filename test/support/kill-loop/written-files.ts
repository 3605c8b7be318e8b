import { appendFile, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Random } from '../../../src/generator/random.ts';
import type { ExpectedFile } from '../expected-events.ts';
import { expectedPlain, type PlainRows, plainFile, plainRows } from '../plain-events.ts';

const PIECE_PAUSE_MS = 30;
const SEND_AGAIN_MS = 100;
const SEND_FOR_MS = 90_000;

interface Written {
  readonly name: string;
  readonly runs: PlainRows[];
  appended?: Promise<void>;
}

/**
 * Files as a careless world delivers them to a folder and to HTTP, and what has to come of them. Every row has a tag and a
 * number of its own, so that one too many or too few shows whichever file it came by.
 */
export class WrittenFiles {
  readonly #random: Random;
  readonly #directory: string;
  /** where a replica can be reached at this moment */
  readonly #address: () => string | undefined;
  readonly #written: Written[] = [];
  readonly #growing: Written[] = [];
  readonly #copied: Written[] = [];
  readonly #names = new Set<string>();
  readonly #underWay = new Set<Promise<void>>();
  #failure: unknown;
  #count = 0;
  rows = 0;

  constructor(random: Random, directory: string, address: () => string | undefined) {
    this.#random = random;
    this.#directory = directory;
    this.#address = address;
  }

  get count(): number {
    return this.#count;
  }

  /** Names that have been put into the folder; uploads may have been given others. */
  get names(): string[] {
    return [...this.#names];
  }

  get expected(): ExpectedFile[] {
    return this.#written.map(({ name, runs }) => expectedPlain(name, ...runs));
  }

  /** Begins to deliver one thing more, of a kind that the seed decides; does not wait for its end. */
  deliver({ mayGrow }: { readonly mayGrow: boolean }): void {
    const chosen = this.#random.below(100);
    if (chosen < 15) this.#burst();
    else this.#begin(this.#one(chosen, mayGrow));
  }

  /** What is drawn here and in the first step of a delivery is drawn in the order of the seed, whatever is under way. */
  #one(chosen: number, mayGrow: boolean): Promise<void> {
    if (chosen < 30) return this.#upload();
    if (chosen < 37) return this.#packed();
    if (chosen < 45) return this.#copy();
    if (chosen < 55 && mayGrow) return this.#append();
    if (chosen < 65 && mayGrow) return this.#writtenInPlace();
    if (chosen < 75) return this.#renamedIn(3000 + this.#random.below(4000));
    return this.#renamedIn(this.#random.below(400));
  }

  /** Resolves when all of it is where it belongs. @throws what kept a file from getting there */
  async delivered(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    if (this.#failure !== undefined) throw this.#failure;
  }

  #begin(delivery: Promise<void>): void {
    const tracked: Promise<void> = delivery
      .catch((error) => {
        this.#failure ??= error;
      })
      .finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  #newFile(rows: number, ending = '.csv'): Written & { readonly run: PlainRows; readonly path: string } {
    this.#count += 1;
    this.rows += rows;
    const name = `${this.#count}${ending}`;
    const run: PlainRows = { tag: `f${this.#count}`, to: rows, badEvery: 5 + this.#random.below(40) };
    const written = { name, runs: [run] };
    this.#written.push(written);
    return { ...written, run, path: join(this.#directory, name) };
  }

  async #renamedIn(rows: number): Promise<void> {
    const file = this.#newFile(rows);
    await this.#rename(file.path, plainFile(file.run));
    this.#copied.push(file);
  }

  #burst(): void {
    for (let n = 20 + this.#random.below(60); n > 0; n -= 1) this.#begin(this.#renamedIn(1 + this.#random.below(5)));
  }

  async #packed(): Promise<void> {
    const file = this.#newFile(this.#random.below(2000), '.csv.gz');
    await this.#rename(file.path, gzipSync(plainFile(file.run)));
  }

  /** The bytes of a file that never changes, under another name: no row more. */
  async #copy(): Promise<void> {
    const original = this.#copied[this.#random.below(Math.max(1, this.#copied.length))];
    const [run] = original?.runs ?? [];
    if (run === undefined) return;
    this.#count += 1;
    await this.#rename(join(this.#directory, `${this.#count}-copy.csv`), plainFile(run));
  }

  /** By a writer that pauses for longer than a file has to stand still. */
  async #writtenInPlace(): Promise<void> {
    const file = this.#newFile(3 + this.#random.below(800), '-in-place.csv');
    const text = plainFile(file.run);
    const cuts = [0, ...Array.from({ length: 3 }, () => this.#random.below(text.length)), text.length];
    // The header comes whole: a file that rests without one has failed, and rightly.
    const header = text.indexOf('\n') + 1;
    const marks = [...new Set(cuts.map((cut) => (cut === 0 ? 0 : Math.max(cut, header))))].sort((a, b) => a - b);
    const pauses = marks.map(() => this.#random.below(10) * PIECE_PAUSE_MS);
    for (const [index, from] of marks.slice(0, -1).entries()) {
      await appendFile(file.path, text.slice(from, marks[index + 1]));
      await delay(pauses[index]);
    }
    this.#names.add(file.name);
    this.#growing.push(file);
  }

  async #append(): Promise<void> {
    const grown = this.#growing[this.#random.below(Math.max(1, this.#growing.length))];
    const last = grown?.runs.at(-1);
    if (grown === undefined || last === undefined) return;
    const run: PlainRows = { ...last, from: last.to, to: last.to + 1 + this.#random.below(300) };
    grown.runs.push(run);
    this.rows += run.to - last.to;
    // One behind the other: the lines of a file have the order of its runs.
    grown.appended = (grown.appended ?? Promise.resolve()).then(() =>
      appendFile(join(this.#directory, grown.name), plainRows(run)),
    );
    await grown.appended;
  }

  /** Sent until a replica says that it has it: a reply that was lost tells nothing. */
  async #upload(): Promise<void> {
    const file = this.#newFile(this.#random.below(1500), '-upload.csv');
    const body = plainFile(file.run);
    const deadline = performance.now() + SEND_FOR_MS;
    const answers: string[] = [];
    for (;;) {
      const address = this.#address();
      const status =
        address === undefined
          ? 0
          : await fetch(`${address}/uploads/${file.name}`, { method: 'PUT', body, signal: AbortSignal.timeout(30_000) })
              .then((reply) => reply.arrayBuffer().then(() => reply.status))
              .catch((error: Error) => {
                answers.push(`${address} ${error.cause ?? error}`);
                return 0;
              });
      if (status === 200 || status === 202) return;
      if (status !== 0) answers.push(`${address} ${status}`);
      if (status !== 0 && status !== 503) throw new Error(`${file.name} was answered with ${status}`);
      if (performance.now() > deadline)
        throw new Error(`nobody took ${file.name} within ${SEND_FOR_MS / 1000} s: ${answers.slice(-20).join(' · ')}`);
      await delay(SEND_AGAIN_MS);
    }
  }

  async #rename(path: string, bytes: string | Buffer): Promise<void> {
    await writeFile(`${path}.tmp`, bytes);
    await rename(`${path}.tmp`, path);
    this.#names.add(basename(path));
  }
}
