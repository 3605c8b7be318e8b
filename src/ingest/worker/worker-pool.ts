import { Piscina } from 'piscina';
import type { SourceFileRow } from '../../database/schema.ts';
import type { IngestOutcome, IngestTask, WorkerMessage, WorkerSettings } from './worker-messages.ts';

export interface WorkerPoolOptions {
  readonly settings: Omit<WorkerSettings, 'stopSignal'>;
  readonly threads: number;
  /** the compiled `ingest-worker.js`: a thread has no transpiler, so it must be a file on disk under every way of running */
  readonly workerFile: string;
  readonly onMessage: (message: WorkerMessage) => void;
  /** called when a thread dies with nothing to do; the pool has replaced it */
  readonly onError: (error: Error) => void;
}

/** The loader threads. It holds no queue: whoever has no free thread asks again later. */
export class WorkerPool {
  readonly threads: number;
  readonly #pool: Piscina<IngestTask, IngestOutcome>;
  readonly #stopSignal = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #busy = 0;

  constructor(options: WorkerPoolOptions) {
    this.threads = options.threads;
    this.#pool = new Piscina({
      filename: options.workerFile,
      name: 'runTask',
      minThreads: options.threads,
      maxThreads: options.threads,
      maxQueue: options.threads,
      // By default piscina parks an idle thread in Atomics.wait, where it would not see its database connection end.
      atomics: 'disabled',
      workerData: { ...options.settings, stopSignal: this.#stopSignal.buffer } satisfies WorkerSettings,
    });
    this.#pool.on('message', options.onMessage);
    // Without a listener it would end the process.
    this.#pool.on('error', options.onError);
  }

  get free(): number {
    return this.threads - this.#busy;
  }

  /**
   * Loads one file. A thread that dies is an outcome like any other; the pool replaces it. When the pool is stopping,
   * its end is no fault of the file.
   */
  async run(file: SourceFileRow): Promise<IngestOutcome> {
    if (this.#isStopping) return { kind: 'interrupted' };
    this.#busy += 1;
    try {
      return await this.#pool.run({ file });
    } catch (error) {
      if (this.#isStopping) return { kind: 'interrupted' };
      return {
        kind: 'error',
        message: `the loader thread ended: ${error instanceof Error ? error.message : String(error)}`,
      };
    } finally {
      this.#busy -= 1;
    }
  }

  /** Makes every running load roll back at its next chunk and end as `interrupted`. */
  interrupt(): void {
    Atomics.store(this.#stopSignal, 0, 1);
  }

  /** Ends the threads at once; what they had not committed is rolled back by the server. */
  async destroy(): Promise<void> {
    this.interrupt();
    await this.#pool.destroy();
  }

  get #isStopping(): boolean {
    return Atomics.load(this.#stopSignal, 0) !== 0;
  }
}
