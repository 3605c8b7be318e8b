import { workerData } from 'node:worker_threads';
import { createLocalTime } from '../transform/local-time.ts';
import type { CheckSettings, CheckTask } from './check-messages.ts';
import { examineFile } from './examine-file.ts';
import type { Findings } from './findings.ts';

/** Thread entry: the bytes of one file at a time come in, and what loading would find in them goes out. */

const { timeZone, maxRecordBytes }: CheckSettings = workerData;
const instantOfLocalTime = createLocalTime(timeZone);

export async function runCheck({ bytes, keptRejects }: CheckTask): Promise<Findings> {
  return await examineFile(buffers(bytes), { instantOfLocalTime, maxRecordBytes, keptRejects });
}

/** Between threads a Buffer becomes a plain array of bytes. */
async function* buffers(bytes: CheckTask['bytes']): AsyncGenerator<Buffer> {
  for await (const piece of bytes) yield Buffer.from(piece.buffer, piece.byteOffset, piece.length);
}
