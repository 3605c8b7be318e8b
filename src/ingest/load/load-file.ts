import { performance } from 'node:perf_hooks';
import type { SourceFileRow } from '../../database/schema.ts';
import { CorrectionRows } from '../corrections/correction-rows.ts';
import type { Corrections } from '../corrections/corrections.ts';
import { isLineEnd, LF } from '../csv/byte-codes.ts';
import { decodedChunks } from '../csv/decoded-chunks.ts';
import type { Header } from '../csv/header.ts';
import type { LoadedTail } from '../ledger/take-back-tail.ts';
import type { SourceFile } from '../sources/source-file.ts';
import { BatchTotals } from '../totals/batch-totals.ts';
import type { LocalTime } from '../transform/local-time.ts';
import { BodyReader } from './body-reader.ts';
import { ContentProof, NeedsInspectionError } from './content-proof.ts';
import { heldUpdate } from './held-update.ts';
import type { LoadConnection } from './load-connection.ts';
import { type LedgerUpdate, LoadTransaction } from './load-transaction.ts';
import { createEncodedRows, RecordEncoder } from './record-encoder.ts';
import { type Beginning, type StartPosition, unfinishedTail } from './resume-point.ts';
import { RowSender } from './row-sender.ts';

/** So that a crash in a giant file costs seconds, even where the database is slow. */
const COMMIT_INTERVAL_MS = 5000;
/** Two loaders that began together would else meet at the totals at each of their commits, where only one of them can be. */
const INTERVAL_SPREAD_MS = 2000;
const LARGEST_CHUNK_BYTES = 256 * 1024;
const SMALLEST_CHUNK_BYTES = 16 * 1024;
const TYPICAL_RECORD_BYTES = 64;

export interface LoadRequest {
  readonly file: SourceFileRow;
  readonly source: SourceFile;
  /** undefined where no committed file can hold these bytes: then it is made up while the rows are loaded */
  readonly sha256: string | undefined;
  /** where an earlier load of the same bytes stopped; undefined: behind the header */
  readonly start: StartPosition | undefined;
  /** the file whose rows come before that position, where they are not its own */
  readonly continues: Pick<SourceFileRow, 'fileId' | 'committedOffset'> | undefined;
  /** the share of rejects in percent above which the file is: its rejects are written, and none of its other rows */
  readonly heldAbove: number | undefined;
  /** the earlier version of the same path */
  readonly follows: number | null;
  /** the rejects that its rows correct; undefined where it was not inspected, or its header has no `sluice_message` */
  readonly corrections: Corrections | undefined;
  readonly instantOfLocalTime: LocalTime;
  readonly connection: LoadConnection;
  readonly commitRows: number;
  readonly maxRecordBytes: number;
  /** called with the ledger row after each commit but the last */
  readonly onCommit: (file: SourceFileRow) => void;
  /** called after each chunk; throws to stop the load */
  readonly onProgress: (progress: { readonly bytesRead: number; readonly rowsRead: number }) => void;
}

/**
 * Reads a file from its start position to its end and commits its rows, rejects and progress in transactions of
 * about `commitRows` rows. On any error the connection is discarded, so nothing that was not committed remains.
 * @throws FileError for a header without which no row can be told; SourceChangedError; ClaimLostError; RowsGoneError; NeedsInspectionError
 *   where `sha256` is not given
 */
export async function loadFile(request: LoadRequest): Promise<SourceFileRow> {
  const load = new FileLoad(request);
  try {
    return await load.run();
  } catch (error) {
    request.connection.discard();
    await load.stopped();
    throw error;
  }
}

class FileLoad {
  readonly #request: LoadRequest;
  readonly #transaction: LoadTransaction;
  readonly #proof: ContentProof;
  readonly #rows = createEncodedRows();
  readonly #totals = new BatchTotals();
  readonly #sender: RowSender;
  #file: SourceFileRow;
  #bytesRead = 0;
  #decodedBytes = 0;
  #endsInMidLine = false;
  readonly #body: BodyReader;
  #encoder: RecordEncoder | undefined;
  #continues: LoadRequest['continues'];
  #tailToTakeBack: LoadedTail | undefined;
  #rowsCommitted: number;
  #commitDueAt = nextCommit();

  constructor(request: LoadRequest) {
    this.#request = request;
    this.#file = request.file;
    this.#proof = new ContentProof(request.source, request.sha256, () => this.#progress());
    this.#rowsCommitted = request.file.rowsRead;
    this.#continues = request.continues;
    const { maxRecordBytes, start } = request;
    const begin = (header: Header, beginning: Beginning) => this.#begin(header, beginning);
    this.#body = new BodyReader({ maxRecordBytes, start, begin });
    this.#transaction = new LoadTransaction(request.connection);
    this.#sender = new RowSender(
      this.#transaction,
      this.#rows,
      request.heldAbove === undefined ? undefined : 'rejects',
    );
  }

  async run(): Promise<SourceFileRow> {
    for await (const chunk of decodedChunks(this.#hashedChunks())) {
      this.#decodedBytes += chunk.length;
      // Here and not behind the chunk: then the last one is followed by the last commit only.
      if (this.#isCommitDue()) await this.#commitSoFar();
      this.#endsInMidLine = !isLineEnd(chunk[chunk.length - 1] ?? LF);
      this.#body.take(chunk);
      await this.#sender.sendOn();
      if (this.#totals.isFull) await this.#leaveDeltas();
      this.#progress();
    }
    this.#body.end();
    return await this.#commit(this.#request.heldAbove === undefined ? 'loaded' : 'held');
  }

  /** Rows that were on their way may have opened a connection behind the one that was discarded. */
  async stopped(): Promise<void> {
    await this.#sender.stopped();
    this.#request.connection.discard();
  }

  #progress(): void {
    this.#request.onProgress({ bytesRead: this.#bytesRead, rowsRead: this.#encoder?.counts.read ?? 0 });
  }

  async *#hashedChunks(): AsyncGenerator<Buffer> {
    const wanted = Math.min(
      LARGEST_CHUNK_BYTES,
      Math.max(SMALLEST_CHUNK_BYTES, this.#request.commitRows * TYPICAL_RECORD_BYTES),
    );
    for await (const chunk of this.#request.source.chunks(wanted)) {
      this.#proof.update(chunk);
      this.#bytesRead += chunk.length;
      yield chunk;
    }
  }

  #begin(header: Header, { from, replacedTail }: Beginning): RecordEncoder {
    const { file, source, sha256, follows, instantOfLocalTime, corrections, heldAbove } = this.#request;
    // What its rows correct has to be known before the first of them is loaded.
    if (header.messagePosition !== -1 && sha256 === undefined) throw new NeedsInspectionError(source.path);
    if (replacedTail !== undefined && follows !== null) {
      const corrected = corrections?.reopen(replacedTail.toString(), header, follows);
      this.#tailToTakeBack = { fileId: follows, line: from.line, corrected, takenBy: file.fileId };
    }
    this.#encoder = new RecordEncoder({
      fileId: file.fileId,
      positions: header.positions,
      instantOfLocalTime,
      rows: this.#rows,
      totals: heldAbove === undefined ? this.#totals : undefined,
      counts: {
        read: file.rowsRead,
        loaded: file.rowsLoaded,
        rejected: file.rowsRejected,
        rejectsByReason: { ...file.rejectsByReason },
      },
      corrections: corrections && new CorrectionRows(corrections, header),
    });
    return this.#encoder;
  }

  async #leaveDeltas(): Promise<void> {
    await this.#sender.finish();
    await this.#transaction.leaveDeltas(this.#totals);
    this.#totals.clear();
  }

  #isCommitDue(): boolean {
    const uncommitted = (this.#encoder?.counts.read ?? 0) - this.#rowsCommitted;
    return uncommitted > 0 && (uncommitted >= this.#request.commitRows || performance.now() > this.#commitDueAt);
  }

  async #commitSoFar(): Promise<void> {
    if (this.#request.heldAbove === undefined) {
      await this.#commit('loading');
      return;
    }
    // All of its rejects or none: what is held has no commit in the middle.
    await this.#sender.finish();
    await this.#transaction.endCopy();
    this.#rowsCommitted = this.#encoder?.counts.read ?? 0;
    this.#commitDueAt = nextCommit();
  }

  async #commit(status: 'loading' | 'loaded' | 'held'): Promise<SourceFileRow> {
    const encoder = this.#encoder;
    const body = this.#body.body;
    if (encoder === undefined || body === undefined)
      throw new TypeError('there is nothing to commit before the header');
    const { header, reader } = body;
    const { file, source, follows, heldAbove } = this.#request;
    const { counts, last } = encoder;
    await this.#sender.finish();
    const sha256 = await (status === 'loading' ? this.#proof.inTheMiddle() : this.#proof.atEnd());
    const mayGoOn = status === 'loaded' && (this.#endsInMidLine || reader.endsInsideQuotes);
    const tail = mayGoOn ? unfinishedTail(last, reader.offset, this.#request.maxRecordBytes) : undefined;
    // What is held changes no other file: neither a last row that goes on in this one, nor a reject that it corrects.
    if (heldAbove === undefined) await this.#buildOnOthers();
    else await this.#holdBack(file);
    const update: LedgerUpdate = {
      status,
      sha256,
      follows,
      sizeBytes: source.sizeBytes,
      fingerprint: source.fingerprint,
      rowsRead: counts.read,
      rowsLoaded: counts.loaded,
      rowsRejected: counts.rejected,
      rejectsByReason: counts.rejectsByReason,
      ignoredColumns: header.ignoredColumns,
      headerColumns: header.columns,
      delimiter: String.fromCharCode(header.dialect.delimiter),
      corrects: this.#request.corrections?.corrects ?? null,
      bytesCommitted: status === 'loaded' ? source.sizeBytes : this.#bytesReadUpTo(reader.offset),
      committedOffset: reader.offset,
      committedLine: reader.line,
      tailOffset: tail?.offset ?? null,
      tailLine: tail?.line ?? null,
      ...(heldAbove === undefined ? {} : heldUpdate(file.fileId, counts, heldAbove)),
    };
    this.#file = await this.#transaction.commit(file, this.#file.committedOffset, update, this.#totals);
    this.#rowsCommitted = counts.read;
    this.#commitDueAt = nextCommit();
    if (status === 'loading') this.#request.onCommit(this.#file);
    return this.#file;
  }

  async #holdBack({ fileId, committedOffset }: SourceFileRow): Promise<void> {
    if (committedOffset > 0) await this.#transaction.removeEvents(fileId);
    const corrections = this.#request.corrections?.take();
    // It closes no reject, but those of its own that come too late are as closed as they would be if it were loaded.
    if (corrections !== undefined) {
      await this.#transaction.correct({ ...corrections, loaded: [], correctedBy: fileId, fromLine: 0 });
    }
  }

  /** What these rows, once they are loaded, do to rows and rejects of other files, or need of them. */
  async #buildOnOthers(): Promise<void> {
    if (this.#continues !== undefined) await this.#transaction.keepLoaded(this.#continues);
    this.#continues = undefined;
    if (this.#tailToTakeBack !== undefined) await this.#transaction.takeBack(this.#tailToTakeBack);
    this.#tailToTakeBack = undefined;
    const corrections = this.#request.corrections?.take();
    if (corrections === undefined) return;
    const { fileId: correctedBy, committedLine: fromLine } = this.#file;
    await this.#transaction.correct({ ...corrections, correctedBy, fromLine });
  }

  /** Exact for plain UTF-8; for gzip and UTF-16 to within the bytes that are still being decoded. */
  #bytesReadUpTo(decodedOffset: number): number {
    return Math.max(0, this.#bytesRead - (this.#decodedBytes - decodedOffset));
  }
}

function nextCommit(): number {
  return performance.now() + COMMIT_INTERVAL_MS + (Math.random() - 0.5) * INTERVAL_SPREAD_MS;
}
