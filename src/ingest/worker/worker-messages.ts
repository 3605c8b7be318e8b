import type { SourceFileRow } from '../../database/schema.ts';

/** What a worker thread is started with; everything in it can be cloned. */
export interface WorkerSettings {
  readonly connectionString: string;
  readonly commitRows: number;
  readonly maxRecordBytes: number;
  readonly maxRejectPercent: number;
  readonly settleMs: number;
  readonly timeZone: string;
  /** one shared Int32: not 0 means stop now and roll back */
  readonly stopSignal: SharedArrayBuffer;
}

/** A path goes in … */
export interface IngestTask {
  readonly file: SourceFileRow;
}

/** … or several of small files … */
export interface PortionTask {
  readonly files: readonly SourceFileRow[];
}

/** … and counts come back. Errors are said here, since a thrown one loses its class on the way between threads. */
export type IngestOutcome =
  | { readonly kind: 'ended'; readonly file: SourceFileRow }
  | { readonly kind: 'claim-lost' }
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'database-away'; readonly message: string }
  | { readonly kind: 'error'; readonly message: string }
  /** the thread died while it had several files, and nobody knows of which one; said by the pool */
  | { readonly kind: 'thread-lost'; readonly message: string };

export interface FileOutcome {
  readonly fileId: number;
  readonly outcome: IngestOutcome;
}

/** What a worker tells in between. */
export type WorkerMessage =
  | { readonly kind: 'commit'; readonly file: SourceFileRow }
  | { readonly kind: 'progress'; readonly fileId: number; readonly bytesRead: number; readonly rowsRead: number }
  /** of files of a portion, while others of it are still being worked on */
  | { readonly kind: 'outcomes'; readonly outcomes: readonly FileOutcome[] };
