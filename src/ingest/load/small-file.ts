import { createHash } from 'node:crypto';
import type { SourceFileRow } from '../../database/schema.ts';
import { isGzip } from '../csv/gunzip.ts';
import type { Header } from '../csv/header.ts';
import { textDecoderFor } from '../csv/text-decoder.ts';
import type { KnownHeaders } from './known-headers.ts';
import { WholeFile } from './whole-file.ts';

/** A claimed file that is loaded from its first row on, all of it in memory. Whoever opened it closes its source. */
export interface SmallFile {
  readonly file: SourceFileRow;
  readonly source: WholeFile;
  readonly sha256: string;
  /** its decoded bytes */
  readonly text: Buffer;
  readonly header: Header;
}

/** Undefined where the file needs more than its bytes to be loaded, or can't be read: loaded alone, it tells what and why. */
export function openSmallFile(file: SourceFileRow, headers: KnownHeaders): SmallFile | undefined {
  let source: WholeFile | undefined;
  let small: SmallFile | undefined;
  try {
    source = WholeFile.open(file.path, file.fingerprint);
    small = source === undefined || isGzip(source.bytes) ? undefined : readSmallFile(file, source, headers);
  } catch {
    // Read again by itself, the file fails once more, and there the reason goes into the ledger.
  }
  if (small === undefined) source?.close();
  return small;
}

/** @throws FileError where its header or encoding is at fault */
function readSmallFile(file: SourceFileRow, source: WholeFile, headers: KnownHeaders): SmallFile | undefined {
  const { bytes } = source;
  const decoder = textDecoderFor(bytes);
  const decoded = decoder.decode(bytes);
  const rest = decoder.end();
  const text = rest.length === 0 ? decoded : Buffer.concat([decoded, rest]);
  const header = headers.of(text);
  // What the rows of a correction correct has to be asked first.
  if (header.messagePosition !== -1) return undefined;
  return { file, source, sha256: createHash('sha256').update(bytes).digest('hex'), text, header };
}
