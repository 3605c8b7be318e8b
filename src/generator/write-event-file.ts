import { type FileHandle, lstat, open, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { RejectReason } from '../ingest/reject-reason.ts';
import {
  createEventGenerator,
  type EventGenerator,
  type ExpectedReject,
  type GeneratorOptions,
} from './event-generator.ts';
import { describeExpectedLoad } from './expected-load.ts';

export interface WriteOptions {
  /** Rows of this file, dirty ones included, the header not. */
  readonly rows: number;
  readonly gzip?: boolean;
  /** Keep every reject for {@link WrittenFile.expectedRejects}: some 100 bytes of memory for each. */
  readonly collectRejects?: boolean;
  /** Also write what has to come of the file, as JSON, to {@link manifestPath}; collects the rejects. */
  readonly manifest?: boolean;
  /** Ends the writing; nothing of the file is left behind. */
  readonly signal?: AbortSignal | undefined;
}

/** A file that is written, and what a loader has to make of it. */
export interface WrittenFile {
  readonly path: string;
  /** Size on disk, after compression. */
  readonly bytes: number;
  readonly rows: number;
  readonly expectedLoaded: number;
  readonly expectedRejected: number;
  /** Only the reasons that occur. */
  readonly expectedRejectsByReason: Partial<Record<RejectReason, number>>;
  /** In the order of the lines; empty unless they were collected. */
  readonly expectedRejects: readonly ExpectedReject[];
}

/** `.<file name>.expected.json` beside the file: a dotfile, which a watched folder leaves alone. */
export function manifestPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.expected.json`);
}

/**
 * Writes one event file. It grows under a hidden name and gets its own by rename(2) once it is whole, so a watcher never sees
 * a half file; the manifest is there before the file is. With `generator` the file goes on where that generator's last file ended,
 * and the options of the generator count, not those given here.
 *
 * @throws an Error with `code` `EEXIST`, before any row is made, where the file is there or is just being written.
 * @throws an Error named `AbortError` where `signal` ended the writing.
 */
export async function writeEventFile(
  path: string,
  options: GeneratorOptions & WriteOptions,
  generator: EventGenerator = createEventGenerator(options),
): Promise<WrittenFile> {
  const growing = join(dirname(path), `.${basename(path)}.tmp`);
  // 'wx' makes the hidden file a lock as well: two generators with one seed in one folder cannot take the same name.
  const handle = await open(growing, 'wx');
  try {
    await refuseExisting(path);
    const written = await writeRows(handle, path, options, generator);
    await publish(growing, written, options.manifest === true ? describeExpectedLoad(written) : undefined);
    return written;
  } catch (error) {
    await rm(growing, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

async function writeRows(
  handle: FileHandle,
  path: string,
  { rows, gzip, manifest, collectRejects, signal }: WriteOptions,
  generator: EventGenerator,
): Promise<WrittenFile> {
  const rejects: ExpectedReject[] = [];
  const rejectsByReason: Partial<Record<RejectReason, number>> = {};
  let rejected = 0;
  const chunks = generator.csv(rows, (reject) => {
    rejected += 1;
    rejectsByReason[reject.reason] = (rejectsByReason[reject.reason] ?? 0) + 1;
    if (collectRejects === true || manifest === true) rejects.push(reject);
  });

  const source = Readable.from(chunks, { objectMode: false });
  const file = handle.createWriteStream();
  await pipeline([source, ...(gzip === true ? [createGzip()] : []), file], { signal });

  return {
    path,
    bytes: file.bytesWritten,
    rows,
    expectedLoaded: rows - rejected,
    expectedRejected: rejected,
    expectedRejectsByReason: rejectsByReason,
    expectedRejects: rejects,
  };
}

async function publish(growing: string, { path }: WrittenFile, manifest: string | undefined): Promise<void> {
  if (manifest !== undefined) await writeFile(manifestPath(path), manifest);
  try {
    await rename(growing, path);
  } catch (error) {
    if (manifest !== undefined) await rm(manifestPath(path), { force: true });
    throw error;
  }
}

// rename(2) replaces what is there without a word.
async function refuseExisting(path: string): Promise<void> {
  const existing = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (existing !== undefined) throw Object.assign(new Error(`${path} is there already`), { code: 'EEXIST' });
}
