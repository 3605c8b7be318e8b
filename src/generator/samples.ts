import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DELIMITERS, type Dialect, NEWLINES, PLAIN_DIALECT, shuffledColumns } from './dialect.ts';
import type { GeneratorOptions } from './event-generator.ts';
import { describeExpectedLoads } from './expected-load.ts';
import { createRandom } from './random.ts';
import { type WriteOptions, type WrittenFile, writeEventFile } from './write-event-file.ts';

/** Tells, for each sample file, what has to come of it; a dotfile, so that a watched folder leaves it alone. */
export const SAMPLE_EXPECTATIONS = '.expected.json';

const MINUTE_MS = 60_000;
const DEFAULT_MAX_RECORD_BYTES = 1024 * 1024;

type Sample = GeneratorOptions & WriteOptions & { readonly name: string; readonly start: number };

function sample(name: string, day: number, rows: number, dirty: number, more: Partial<Sample> = {}): Sample {
  return {
    name,
    // Names are unique, so no two samples share a row.
    seed: name,
    start: Date.UTC(2024, 0, day, 6),
    rows,
    dirty,
    users: 400,
    meanGapMs: 2 * MINUTE_MS,
    ...more,
  };
}

function dialect(changes: Partial<Dialect>): Dialect {
  return { ...PLAIN_DIALECT, ...changes };
}

/**
 * The files with which a fresh clone has something to load: about a week of a small shop in the dialects that Sluice reads, every
 * fault of the data rules among them. Written by `npm run generate -- --samples --out input_data`.
 */
const SAMPLES: readonly Sample[] = [
  sample('sample-1-shop.csv', 15, 1500, 0.02),
  sample('sample-2-every-fault.csv', 17, 600, 0.3),
  sample('sample-3-semicolon-crlf.csv', 18, 700, 0.1, {
    dialect: dialect({ delimiter: DELIMITERS.semicolon, newline: NEWLINES.crlf, encoding: 'utf8-bom' }),
  }),
  sample('sample-4-shuffled-columns.csv', 19, 500, 0.1, {
    dialect: dialect({
      delimiter: DELIMITERS.tab,
      columns: shuffledColumns(createRandom('sample-4-shuffled-columns')),
      header: 'upper-case',
    }),
  }),
  sample('sample-5-utf16.csv', 20, 300, 0.1, { dialect: dialect({ encoding: 'utf16le' }) }),
  // A record over 1 MiB shrinks to a kilobyte under gzip.
  sample('sample-6-long-records.csv.gz', 21, 600, 0.25, { gzip: true, maxRecordBytes: DEFAULT_MAX_RECORD_BYTES }),
];

/**
 * Writes the sample files and {@link SAMPLE_EXPECTATIONS} into an existing folder.
 *
 * @throws an Error with `code` `EEXIST` where one of them is there: a changed sample has to be removed by hand first.
 */
export async function writeSamples(directory: string, signal?: AbortSignal): Promise<WrittenFile[]> {
  const written: WrittenFile[] = [];
  for (const { name, ...options } of SAMPLES) {
    written.push(await writeEventFile(join(directory, name), { ...options, signal, collectRejects: true }));
  }
  await writeFile(join(directory, SAMPLE_EXPECTATIONS), describeExpectedLoads(written));
  return written;
}
