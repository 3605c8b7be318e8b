import type { SourceFileRow } from '../../database/schema.ts';
import { isLineEnd, LF } from '../csv/byte-codes.ts';
import { RecordReader } from '../csv/record-reader.ts';
import type { SmallFileCommit } from '../ledger/small-files.ts';
import { BatchTotals } from '../totals/batch-totals.ts';
import type { LocalTime } from '../transform/local-time.ts';
import type { LoadConnection } from './load-connection.ts';
import { LoadTransaction } from './load-transaction.ts';
import { createEncodedRows, type EncodedRows, RecordEncoder } from './record-encoder.ts';
import { unfinishedTail } from './resume-point.ts';
import { RowSender } from './row-sender.ts';
import type { SmallFile } from './small-file.ts';

/** One of the files is not what it was when it was read: none of them is committed. */
export class PortionChangedError extends Error {
  readonly code = 'portion_changed';
}

/** Events of one file are few; together they are sent in pieces of about this size. */
const SENT_FROM_BYTES = 256 * 1024;

export interface SmallFilesContext {
  readonly connection: LoadConnection;
  readonly instantOfLocalTime: LocalTime;
  readonly maxRecordBytes: number;
  /** called after each file is encoded; throws to stop the load */
  readonly onProgress: (progress: { readonly bytesRead: number; readonly rowsRead: number }) => void;
}

/**
 * Commits the rows, rejects and ends of files in one transaction: all of them or, where it throws, none. On any error the
 * connection is discarded.
 * @throws ClaimLostError; PortionChangedError
 */
export async function loadSmallFiles(
  files: readonly SmallFile[],
  context: SmallFilesContext,
): Promise<SourceFileRow[]> {
  const rows = createEncodedRows();
  const totals = new BatchTotals();
  const transaction = new LoadTransaction(context.connection);
  const sender = new RowSender(transaction, rows);
  try {
    const commits: SmallFileCommit[] = [];
    for (const small of files) {
      const commit = encodeFile(small, rows, totals, context);
      context.onProgress({ bytesRead: commit.sizeBytes, rowsRead: commit.rowsRead });
      commits.push(commit);
      await sender.sendOn(SENT_FROM_BYTES);
    }
    await sender.finish();
    if (!files.every(({ source }) => source.isUnchanged())) throw new PortionChangedError('a file was written to');
    return await transaction.commitAll(commits, totals);
  } catch (error) {
    context.connection.discard();
    await sender.stopped();
    // Rows that were on their way may have opened another one.
    context.connection.discard();
    throw error;
  }
}

function encodeFile(
  small: SmallFile,
  rows: EncodedRows,
  totals: BatchTotals,
  context: SmallFilesContext,
): SmallFileCommit {
  const { file, source, sha256, text, header } = small;
  const { maxRecordBytes, instantOfLocalTime } = context;
  const encoder = new RecordEncoder({
    fileId: file.fileId,
    positions: header.positions,
    instantOfLocalTime,
    rows,
    totals,
    counts: { read: 0, loaded: 0, rejected: 0, rejectsByReason: {} },
  });
  const reader = new RecordReader(
    {
      delimiter: header.dialect.delimiter,
      fieldCount: header.fieldCount,
      maxRecordBytes,
      startOffset: header.endOffset,
      startLine: header.endLine,
    },
    encoder,
  );
  reader.push(text.subarray(header.endOffset));
  reader.end();
  const { counts } = encoder;
  const mayGoOn = !isLineEnd(text[text.length - 1] ?? LF) || reader.endsInsideQuotes;
  const tail = mayGoOn ? unfinishedTail(encoder.last, reader.offset, maxRecordBytes) : undefined;
  return {
    fileId: file.fileId,
    attempts: file.attempts,
    sha256,
    sizeBytes: source.bytes.length,
    fingerprint: file.fingerprint,
    rowsRead: counts.read,
    rowsLoaded: counts.loaded,
    rowsRejected: counts.rejected,
    rejectsByReason: counts.rejectsByReason,
    ignoredColumns: header.ignoredColumns,
    headerColumns: header.columns,
    delimiter: String.fromCharCode(header.dialect.delimiter),
    committedOffset: reader.offset,
    committedLine: reader.line,
    tailOffset: tail?.offset ?? null,
    tailLine: tail?.line ?? null,
  };
}
