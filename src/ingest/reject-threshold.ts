import type { SourceFileRow } from '../database/schema.ts';
import { checkRows, checkTextRows } from './check/check-rows.ts';
import { isAboveRejectLimit } from './check/reject-limit.ts';
import type { Corrections } from './corrections/corrections.ts';
import type { StartPosition } from './load/resume-point.ts';
import type { SmallFile } from './load/small-file.ts';
import type { SourceFile } from './sources/source-file.ts';
import type { LocalTime } from './transform/local-time.ts';

const COUNTED_CHUNK_BYTES = 256 * 1024;

export interface ThresholdContext {
  readonly instantOfLocalTime: LocalTime;
  readonly maxRecordBytes: number;
  /** for files that have no limit of their own; 100: nothing is held */
  readonly maxRejectPercent: number;
  /** called after each chunk; throws to stop */
  readonly onProgress: (progress: { readonly bytesRead: number; readonly rowsRead: number }) => void;
}

/** Above which share of rejects a file is held, in percent; null: it is loaded whatever is rejected of it. */
export function rejectLimitOf(
  file: Pick<SourceFileRow, 'maxRejectPercent' | 'isReleased'>,
  context: Pick<ThresholdContext, 'maxRejectPercent'>,
): number | null {
  const limit = file.maxRejectPercent ?? context.maxRejectPercent;
  return file.isReleased || limit >= 100 ? null : limit;
}

/**
 * Reads the rows that are about to be loaded, and counts them without writing any, since none of a file that is held may
 * ever be visible. With what earlier commits of it have counted, more than `limit` percent of them are rejected: true.
 * @throws FileError as loading it does
 */
export async function isAboveThreshold(
  file: Pick<SourceFileRow, 'rowsRead' | 'rowsRejected'>,
  source: SourceFile,
  start: StartPosition | undefined,
  corrections: Corrections | undefined,
  limit: number,
  context: ThresholdContext,
): Promise<boolean> {
  const counted = await checkRows(source.chunks(COUNTED_CHUNK_BYTES), {
    ...context,
    start,
    corrections,
    // None of it is loaded yet, so to whoever looks on it is at its beginning.
    onChunk: () => context.onProgress({ bytesRead: 0, rowsRead: file.rowsRead }),
  });
  corrections?.forget();
  const share = { read: file.rowsRead + counted.read, rejected: file.rowsRejected + counted.rejected };
  return isAboveRejectLimit(share, limit);
}

/** The same for a new file that is whole in memory; false where it has no limit. */
export function isSmallFileAboveThreshold({ file, text, header }: SmallFile, context: ThresholdContext): boolean {
  const limit = rejectLimitOf(file, context);
  return limit !== null && isAboveRejectLimit(checkTextRows(text, header, context), limit);
}
