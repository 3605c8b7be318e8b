import { CorrectionRows } from '../corrections/correction-rows.ts';
import type { Corrections } from '../corrections/corrections.ts';
import { decodedChunks, type TextFormat } from '../csv/decoded-chunks.ts';
import type { Header } from '../csv/header.ts';
import { RecordReader } from '../csv/record-reader.ts';
import { BodyReader } from '../load/body-reader.ts';
import {
  createEncodedRows,
  type EncodedRows,
  RecordEncoder,
  type RejectedRecord,
  type RowCounts,
} from '../load/record-encoder.ts';
import type { StartPosition } from '../load/resume-point.ts';
import type { LocalTime } from '../transform/local-time.ts';

export interface CheckOptions {
  /** the clock of timestamps that name no zone */
  readonly instantOfLocalTime: LocalTime;
  readonly maxRecordBytes: number;
  /** how many of the rejects are kept, the first ones; each has at most 4 KiB of its text */
  readonly keptRejects?: number;
}

export interface StreamCheckOptions extends CheckOptions {
  /** behind what an earlier version had loaded; undefined: behind the header */
  readonly start?: StartPosition | undefined;
  /** what the ledger knows of the rejects that a correction names; without it only the values of its rows decide */
  readonly corrections?: Corrections | undefined;
  /** filled in as soon as it is known, also where the check then fails */
  readonly format?: TextFormat;
  /** called after each chunk; throws to stop */
  readonly onChunk?: (rowsRead: number) => void;
}

/** What loading would count: `loaded` are the clean rows. */
export interface CheckedRows extends Readonly<RowCounts> {
  readonly rejects: readonly RejectedRecord[];
}

export interface CheckedContent extends CheckedRows {
  readonly header: Header;
}

/** No row of a check is stored, so it belongs to no file. */
const NO_FILE = 0;

/**
 * Reads the bytes of a file as loading it would, and keeps nothing but counts and the first rejects: it writes nowhere, in
 * memory that depends on the size of a chunk and of a record only.
 * @throws FileError as loading does; what the source throws
 */
export async function checkRows(source: AsyncIterable<Buffer>, options: StreamCheckOptions): Promise<CheckedContent> {
  const { maxRecordBytes, start } = options;
  const rows = new DiscardedRows(options);
  const body = new BodyReader({ maxRecordBytes, start, begin: (header) => rows.begin(header) });
  for await (const chunk of decodedChunks(source, options.format)) {
    body.take(chunk);
    rows.discard();
    options.onChunk?.(rows.checked.read);
  }
  body.end();
  return { ...rows.checked, header: rows.header };
}

/** The same for a file that is whole in memory, from its decoded text on. */
export function checkTextRows(text: Buffer, header: Header, options: CheckOptions): CheckedRows {
  const rows = new DiscardedRows(options);
  const reader = new RecordReader(
    {
      delimiter: header.dialect.delimiter,
      fieldCount: header.fieldCount,
      maxRecordBytes: options.maxRecordBytes,
      startOffset: header.endOffset,
      startLine: header.endLine,
    },
    rows.begin(header),
  );
  reader.push(text.subarray(header.endOffset));
  reader.end();
  return rows.checked;
}

/** Rows that are encoded as for loading, so that the same code finds the same faults, and then thrown away. */
class DiscardedRows {
  readonly #options: CheckOptions & Pick<StreamCheckOptions, 'corrections'>;
  readonly #rows: EncodedRows = createEncodedRows();
  readonly #rejects: RejectedRecord[] = [];
  readonly #counts: RowCounts = { read: 0, loaded: 0, rejected: 0, rejectsByReason: {} };
  #header: Header | undefined;

  constructor(options: CheckOptions & Pick<StreamCheckOptions, 'corrections'>) {
    this.#options = options;
  }

  get checked(): CheckedRows {
    return { ...this.#counts, rejects: this.#rejects };
  }

  get header(): Header {
    if (this.#header === undefined) throw new TypeError('a file that was read to its end has a header');
    return this.#header;
  }

  begin(header: Header): RecordEncoder {
    this.#header = header;
    const { instantOfLocalTime, keptRejects = 0, corrections } = this.#options;
    return new RecordEncoder({
      fileId: NO_FILE,
      positions: header.positions,
      instantOfLocalTime,
      rows: this.#rows,
      counts: this.#counts,
      corrections: header.messagePosition === -1 ? undefined : new CorrectionRows(corrections, header),
      onReject: (reject) => {
        if (this.#rejects.length < keptRejects) this.#rejects.push(reject);
      },
    });
  }

  discard(): void {
    for (const rows of [this.#rows.events, this.#rows.rejects]) rows.reuse(rows.take());
  }
}
