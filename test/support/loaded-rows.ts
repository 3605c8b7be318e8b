import type pg from 'pg';
import { RecordReader } from '../../src/ingest/csv/record-reader.ts';
import { EVENT_COLUMNS } from '../../src/ingest/event-columns.ts';
import { LoadConnection } from '../../src/ingest/load/load-connection.ts';
import { LoadTransaction } from '../../src/ingest/load/load-transaction.ts';
import { createEncodedRows, RecordEncoder } from '../../src/ingest/load/record-encoder.ts';
import { RowSender } from '../../src/ingest/load/row-sender.ts';
import { BatchTotals } from '../../src/ingest/totals/batch-totals.ts';
import { createLocalTime } from '../../src/ingest/transform/local-time.ts';

/** The records of a file behind its header, and where they stand. */
export interface RecordsToLoad {
  readonly chunks: readonly Buffer[];
  readonly delimiter: string;
  /** the columns as the file has them */
  readonly columns: readonly string[];
  readonly fileId: number;
  readonly startLine: number;
  readonly timeZone: string;
  readonly maxRecordBytes: number;
}

/** A row of `user_events`; big numbers as text. */
export interface StoredEvent {
  readonly line: string;
  readonly userId: string;
  readonly eventType: string;
  /** since 1970 */
  readonly micros: string;
  readonly productId: string;
  readonly productName: string;
  readonly price: string;
  readonly sessionId: string;
}

/** A row of `rejected_rows`. */
export interface StoredReject {
  readonly line: string;
  readonly reason: string;
  readonly column: string | null;
  readonly message: string;
  readonly raw: string;
  readonly rawTruncated: boolean;
}

/**
 * Loads the records the way of a worker: bytes → reader → encoder → binary COPY of both tables → commit, the next chunk being
 * encoded while the last one is on its way to the server.
 */
export async function loadRecords(connectionString: string, records: RecordsToLoad): Promise<RecordEncoder['counts']> {
  const connection = new LoadConnection(connectionString, 'sluice-test');
  try {
    await claimNewFile(await connection.client(), records.fileId);
    return await new RecordLoad(connection, records).run();
  } finally {
    await connection.close();
  }
}

export async function storedEvents(client: pg.Client, fileId: number): Promise<StoredEvent[]> {
  const { rows } = await client.query<StoredEvent>(
    `select line_number::text as line, user_id as "userId", event_type::text as "eventType",
            trunc(extract(epoch from event_timestamp) * 1000000)::text as micros, product_id as "productId",
            product_name as "productName", product_price::text as price, session_id as "sessionId"
       from user_events where file_id = $1 order by line_number`,
    [fileId],
  );
  return rows;
}

export async function storedRejects(client: pg.Client, fileId: number): Promise<StoredReject[]> {
  const { rows } = await client.query<StoredReject>(
    `select line_number::text as line, reason, column_name as "column", message, raw, raw_truncated as "rawTruncated"
       from rejected_rows where file_id = $1 order by line_number`,
    [fileId],
  );
  return rows;
}

async function claimNewFile(client: pg.Client, fileId: number): Promise<void> {
  await client.query(
    `insert into source_files (file_id, name, path, origin, status, size_bytes, fingerprint, attempts)
     overriding system value values ($1, $2, $2, 'cli', 'loading', 0, '', 1)`,
    [fileId, `file ${fileId}`],
  );
}

class RecordLoad {
  readonly #records: RecordsToLoad;
  readonly #transaction: LoadTransaction;
  readonly #totals = new BatchTotals();
  readonly #encoder: RecordEncoder;
  readonly #reader: RecordReader;
  readonly #sender: RowSender;

  constructor(connection: LoadConnection, records: RecordsToLoad) {
    this.#records = records;
    this.#transaction = new LoadTransaction(connection);
    const rows = createEncodedRows();
    this.#sender = new RowSender(this.#transaction, rows);
    this.#encoder = new RecordEncoder({
      fileId: records.fileId,
      positions: EVENT_COLUMNS.map((column) => records.columns.indexOf(column)),
      instantOfLocalTime: createLocalTime(records.timeZone),
      counts: { read: 0, loaded: 0, rejected: 0, rejectsByReason: {} },
      rows,
      totals: this.#totals,
    });
    this.#reader = new RecordReader(
      {
        delimiter: records.delimiter.charCodeAt(0),
        fieldCount: records.columns.length,
        maxRecordBytes: records.maxRecordBytes,
        startOffset: 0,
        startLine: records.startLine,
      },
      this.#encoder,
    );
  }

  async run(): Promise<RecordEncoder['counts']> {
    const { counts } = this.#encoder;
    for (const chunk of this.#records.chunks) {
      this.#reader.push(chunk);
      await this.#sender.sendOn();
    }
    this.#reader.end();
    await this.#sender.finish();
    const { fileId } = this.#records;
    const update = {
      status: 'loaded',
      sha256: String(fileId),
      rowsRead: counts.read,
      rowsLoaded: counts.loaded,
      rowsRejected: counts.rejected,
      rejectsByReason: counts.rejectsByReason,
      committedOffset: this.#reader.offset,
    } as const;
    await this.#transaction.commit({ fileId, attempts: 1 }, 0, update, this.#totals);
    return counts;
  }
}
