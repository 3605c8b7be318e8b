import type { ReadableStream } from 'node:stream/web';

/** What a thread that checks files is started with; everything in it can be cloned. */
export interface CheckSettings {
  readonly maxRecordBytes: number;
  readonly timeZone: string;
}

export interface CheckTask {
  readonly bytes: ReadableStream<Uint8Array>;
  readonly keptRejects: number;
}
