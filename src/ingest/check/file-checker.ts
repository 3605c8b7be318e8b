import { ReadableStream } from 'node:stream/web';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { CheckSettings, CheckTask } from './check-messages.ts';
import type { Findings } from './findings.ts';

/** The entry of a thread that checks files, for compiled code: a thread knows no TypeScript. */
export const CHECK_FILE = fileURLToPath(new URL('./check-entry.cjs', import.meta.url));

const IDLE_TIMEOUT_MS = 30_000;
/** What goes over to the thread at a time: smaller pieces cost a message each. */
const PIECE_BYTES = 64 * 1024;

/** All threads are busy, and nobody is to wait for an upload of hours. */
export class CheckerBusyError extends Error {
  readonly code = 'checker_busy';
}

/** Checks files in threads of their own, which are started when they are needed: the caller's thread only passes bytes on. */
export class FileChecker {
  readonly #pool: Piscina;
  readonly #threads: number;
  #inUse = 0;

  /** `checkFile`: `check-entry.cjs` beside the compiled `check-thread.js` */
  constructor(options: { readonly settings: CheckSettings; readonly threads: number; readonly checkFile: string }) {
    this.#threads = options.threads;
    this.#pool = new Piscina({
      filename: options.checkFile,
      minThreads: 0,
      maxThreads: options.threads,
      maxQueue: options.threads,
      idleTimeout: IDLE_TIMEOUT_MS,
      // By default piscina parks an idle thread in Atomics.wait, where no stream ends.
      atomics: 'disabled',
      workerData: options.settings,
    });
    // Without a listener a thread that dies with nothing to do would end the process; the pool starts another one.
    this.#pool.on('error', () => {});
  }

  /**
   * Keeps a thread for as long as `use` lasts, so that the files of one request are checked one after the other.
   * @throws CheckerBusyError where there is none free; what `use` throws
   */
  async withThread<Result>(use: (check: FileChecker['check']) => Promise<Result>): Promise<Result> {
    if (this.#inUse >= this.#threads) throw new CheckerBusyError(`${this.#threads} checks are running already`);
    this.#inUse += 1;
    try {
      return await use((source, keptRejects) => this.check(source, keptRejects));
    } finally {
      this.#inUse -= 1;
    }
  }

  /**
   * Reads the source to its end as fast as the thread takes it, and no faster. Where the source fails, so does this, and the
   * thread is free at once.
   * @throws what the source throws; where the thread dies, what it died of
   */
  async check(source: AsyncIterable<Buffer>, keptRejects: number): Promise<Findings> {
    let failure: { readonly error: unknown } | undefined;
    async function* pieces(): AsyncGenerator<Uint8Array> {
      try {
        yield* inPieces(source);
      } catch (error) {
        // On the way through the thread it would lose its class.
        failure = { error };
        throw error;
      }
    }
    const passing = pieces();
    const bytes = ReadableStream.from(passing);
    try {
      const task: CheckTask = { bytes, keptRejects };
      return await this.#pool.run(task, { transferList: [bytes] });
    } catch (error) {
      // A thread that has died asks for nothing more. Not awaited: the source may be waiting for its next bytes.
      void passing.return(undefined).catch(() => {});
      throw failure === undefined ? error : failure.error;
    }
  }

  /** Ends the threads at once. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

/**
 * The same bytes in pieces of one size, each in memory of its own. A message takes along all the memory that its array is a
 * view of, so a client that sends byte by byte would have a whole socket buffer copied for each of them.
 */
async function* inPieces(source: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
  let piece = new Uint8Array(PIECE_BYTES);
  let filled = 0;
  for await (const chunk of source) {
    for (let from = 0; from < chunk.length; ) {
      const taken = Math.min(chunk.length - from, PIECE_BYTES - filled);
      piece.set(chunk.subarray(from, from + taken), filled);
      from += taken;
      filled += taken;
      if (filled < PIECE_BYTES) continue;
      yield piece;
      piece = new Uint8Array(PIECE_BYTES);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.slice(0, filled);
}
