import { Piscina } from 'piscina';
import type { SourceFileRow } from '../../database/schema.ts';
import type {
  FileOutcome,
  IngestOutcome,
  IngestTask,
  PortionTask,
  WorkerMessage,
  WorkerSettings,
} from './worker-messages.ts';

/** A claimed file, and how its attempt ended. */
export interface EndedAttempt {
  readonly file: SourceFileRow;
  readonly outcome: IngestOutcome;
}

export interface WorkerPoolOptions {
  readonly settings: Omit<WorkerSettings, 'stopSignal'>;
  readonly threads: number;
  /** `worker-entry.cjs` beside the compiled `ingest-worker.js`: a thread has no transpiler, so it must be a file on disk under every way of running */
  readonly workerFile: string;
  readonly onMessage: (message: Exclude<WorkerMessage, { kind: 'outcomes' }>) => void;
  /** called when a thread dies with nothing to do; the pool has replaced it */
  readonly onError: (error: Error) => void;
}

type Tell = (ended: readonly EndedAttempt[]) => void;

/** The loader threads. It holds no queue: whoever has no free thread asks again later. */
export class WorkerPool {
  readonly threads: number;
  readonly #pool: Piscina;
  /** files of portions that have no outcome yet, and who wants to know it */
  readonly #open = new Map<number, { readonly file: SourceFileRow; readonly tell: Tell }>();
  readonly #stopSignal = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

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
    this.#pool.on('message', (message: WorkerMessage) => {
      if (message.kind === 'outcomes') this.#tell(message.outcomes);
      else options.onMessage(message);
    });
    // Without a listener it would end the process.
    this.#pool.on('error', options.onError);
  }

  /**
   * Loads a portion: one file, or several small ones. Calls `tell` with the outcome of each, once, as soon as it is known,
   * and resolves after the last one. A thread that dies is an outcome like any other; the pool replaces it. When the
   * pool is stopping, its end is no fault of a file.
   */
  async run(files: readonly SourceFileRow[], tell: Tell): Promise<void> {
    for (const file of files) this.#open.set(file.fileId, { file, tell });
    this.#tell(await this.#outcomesOf(files));
  }

  async #outcomesOf(files: readonly SourceFileRow[]): Promise<FileOutcome[]> {
    const sameForAll = (outcome: IngestOutcome) => files.map(({ fileId }) => ({ fileId, outcome }));
    if (this.#isStopping) return sameForAll({ kind: 'interrupted' });
    const [file] = files;
    try {
      if (file === undefined || files.length > 1) {
        return await this.#pool.run({ files } satisfies PortionTask, { name: 'runPortion' });
      }
      return [{ fileId: file.fileId, outcome: await this.#pool.run({ file } satisfies IngestTask) }];
    } catch (error) {
      if (this.#isStopping) return sameForAll({ kind: 'interrupted' });
      const message = `the loader thread ended: ${error instanceof Error ? error.message : String(error)}`;
      return sameForAll({ kind: files.length > 1 ? 'thread-lost' : 'error', message });
    }
  }

  /** Early news and the last word come by ways of their own, in any order: what came first counts. */
  #tell(outcomes: readonly FileOutcome[]): void {
    const ended = outcomes.flatMap(({ fileId, outcome }) => {
      const open = this.#open.get(fileId);
      this.#open.delete(fileId);
      return open === undefined ? [] : [{ ...open, outcome }];
    });
    ended[0]?.tell(ended);
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
