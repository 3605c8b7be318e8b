import { createHash } from 'node:crypto';
import { decodedChunks } from '../csv/decoded-chunks.ts';
import { isGzip } from '../csv/gunzip.ts';
import type { SourceFile } from './source-file.ts';

const CHUNK_BYTES = 1024 * 1024;

/** The identity of a file's content. */
export interface Content {
  readonly sha256: string;
  /** sha256 of the first n bytes, for each n that was asked for and that the file reaches */
  readonly prefixes: ReadonlyMap<number, string>;
}

/**
 * Reads the whole file once before a row of it is loaded: its identity, the identity of the prefixes at which an
 * earlier load stopped, and for gzip whether it is intact to its end, since a file may fail only as a whole. `onChunk` is
 * called after each chunk, of which a giant has many; it throws to stop.
 * @throws FileError `corrupt_gzip`, `gzip_bomb`, `unreadable`; SourceChangedError
 */
export async function inspectContent(
  source: SourceFile,
  prefixLengths: readonly number[],
  onChunk: () => void = () => {},
): Promise<Content> {
  const hash = createHash('sha256');
  const prefixes = new Map<number, string>();
  const marks = [...new Set(prefixLengths)].filter((length) => length <= source.sizeBytes).sort((a, b) => a - b);
  let position = 0;

  function digestUpTo(chunk: Buffer): void {
    let from = 0;
    while (marks[0] !== undefined && marks[0] <= position + chunk.length) {
      const mark = marks.shift() ?? 0;
      hash.update(chunk.subarray(from, mark - position));
      from = mark - position;
      prefixes.set(mark, hash.copy().digest('hex'));
    }
    hash.update(chunk.subarray(from));
    position += chunk.length;
  }

  let isPacked: boolean | undefined;
  for await (const chunk of source.chunks(CHUNK_BYTES)) {
    isPacked ??= isGzip(chunk);
    digestUpTo(chunk);
    onChunk();
  }
  if (isPacked === true) {
    for await (const _ of decodedChunks(source.chunks(CHUNK_BYTES))) onChunk();
  }
  await source.assertUnchanged();
  return { sha256: hash.digest('hex'), prefixes };
}
