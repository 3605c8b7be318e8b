import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createEventGenerator, type EventGenerator, type GeneratorOptions } from './event-generator.ts';
import { type WriteOptions, type WrittenFile, writeEventFile } from './write-event-file.ts';

export interface BatchOptions extends GeneratorOptions, Omit<WriteOptions, 'rows'> {
  /** An existing folder. */
  readonly directory: string;
  /** Rows of each batch, split over its files as evenly as whole rows allow. */
  readonly rows: number;
  readonly files: number;
  /** Milliseconds from the start of one batch to the start of the next; where undefined there is one batch only. */
  readonly everyMs?: number | undefined;
  /** Lets each batch begin at the time of day at which it is written, instead of where the one before ended. */
  readonly live?: boolean;
}

/**
 * Writes the files `events-<seed>-<nnnn>.csv` (or `.csv.gz`), numbered from 1, and hands out each as soon as it is whole.
 * A number that is taken is passed over, never overwritten. A batch that takes longer than its interval is followed by the next
 * at once.
 *
 * @throws what {@link writeEventFile} throws, except `EEXIST`; with `everyMs` there is no other end than an `AbortError`.
 */
export async function* writeBatches(options: BatchOptions): AsyncGenerator<WrittenFile, void> {
  const generator = createEventGenerator(options);
  let number = 1;
  for (;;) {
    const started = performance.now();
    if (options.live === true) generator.advanceTo(Date.now());
    for (let index = 0; index < options.files; index += 1) {
      const rows = Math.floor(options.rows / options.files) + (index < options.rows % options.files ? 1 : 0);
      let written: WrittenFile | undefined;
      while (written === undefined) {
        written = await writeUnlessTaken(eventFilePath(options, number), { ...options, rows }, generator);
        number += 1;
      }
      yield written;
    }
    if (options.everyMs === undefined) return;
    const wait = Math.max(0, options.everyMs - (performance.now() - started));
    await delay(wait, undefined, { signal: options.signal });
  }
}

function eventFilePath({ directory, seed, gzip }: BatchOptions, number: number): string {
  return join(directory, `events-${seed}-${String(number).padStart(4, '0')}.csv${gzip === true ? '.gz' : ''}`);
}

async function writeUnlessTaken(
  path: string,
  options: GeneratorOptions & WriteOptions,
  generator: EventGenerator,
): Promise<WrittenFile | undefined> {
  try {
    return await writeEventFile(path, options, generator);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined;
    throw error;
  }
}
