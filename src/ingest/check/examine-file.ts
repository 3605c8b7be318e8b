import { createHash } from 'node:crypto';
import type { TextFormat } from '../csv/decoded-chunks.ts';
import { FileError } from '../file-error.ts';
import { type CheckOptions, checkRows } from './check-rows.ts';
import { type Findings, headerFindings, headerFindingsOf } from './findings.ts';

export interface ExamineOptions extends CheckOptions {
  /** called after each chunk; throws to stop */
  readonly onProgress?: (progress: { readonly bytesRead: number; readonly rowsRead: number }) => void;
}

/**
 * Reads the bytes of a file to their end, once, and tells what loading them would find; a fault of the file is a finding
 * and no error. Writes nothing, in memory that depends on the size of a chunk and of a record only.
 * @throws what the source throws
 */
export async function examineFile(source: AsyncIterable<Buffer>, options: ExamineOptions): Promise<Findings> {
  const hash = createHash('sha256');
  const bytes = source[Symbol.asyncIterator]();
  const format: TextFormat = { isPacked: undefined, encoding: undefined };
  let sizeBytes = 0;
  let rowsRead = 0;
  // Leaving a loop over it early does not close the source.
  async function* hashed(): AsyncGenerator<Buffer> {
    for (let next = await bytes.next(); next.done !== true; next = await bytes.next()) {
      hash.update(next.value);
      sizeBytes += next.value.length;
      yield next.value;
      options.onProgress?.({ bytesRead: sizeBytes, rowsRead });
    }
  }
  const onChunk = (read: number) => {
    rowsRead = read;
  };
  try {
    const content = await contentOf(hashed(), { ...options, format, onChunk });
    // What is left behind a fault: its digest is the file's all the same.
    for await (const _ of hashed());
    const { isPacked = false, encoding = null } = format;
    return { ...content, sizeBytes, sha256: hash.digest('hex'), encoding, isPacked };
  } finally {
    await bytes.return?.();
  }
}

type ContentFindings = Omit<Findings, 'sizeBytes' | 'sha256' | 'encoding' | 'isPacked'>;

async function contentOf(
  source: AsyncIterable<Buffer>,
  options: Parameters<typeof checkRows>[1],
): Promise<ContentFindings> {
  try {
    const { header, read, loaded, rejected, rejectsByReason, rejects } = await checkRows(source, options);
    const counts = { rowsRead: read, rowsLoaded: loaded, rowsRejected: rejected, rejectsByReason, rejects };
    return { ...headerFindings(header), ...counts, error: null };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const nothing = { rowsRead: 0, rowsLoaded: 0, rowsRejected: 0, rejectsByReason: {}, rejects: [] };
    return { ...headerFindingsOf(error), ...nothing, error: { code: error.code, message: error.message } };
  }
}
