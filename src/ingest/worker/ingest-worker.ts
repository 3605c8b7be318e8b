import { performance } from 'node:perf_hooks';
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { isDatabaseAway } from '../../database/database-error.ts';
import { rootMessage } from '../../error-code.ts';
import { ingestFile } from '../ingest-file.ts';
import { LoadConnection } from '../load/load-connection.ts';
import { createEventTransform } from '../transform/transform-event.ts';
import type { IngestOutcome, IngestTask, WorkerMessage, WorkerSettings } from './worker-messages.ts';

/** Thread entry: loads one file at a time over a connection of its own; rows never leave this thread. */

const PROGRESS_INTERVAL_MS = 200;

const settings = workerData as WorkerSettings;
const stopSignal = new Int32Array(settings.stopSignal);
const transform = createEventTransform({ timeZone: settings.timeZone });
const connection = new LoadConnection(settings.connectionString, `sluice-loader-${threadId}`);

class InterruptedError extends Error {
  readonly code = 'interrupted';
}

/** Called by the pool for each task. Never rejects. */
export async function runTask(task: IngestTask): Promise<IngestOutcome> {
  let lastProgress = performance.now();
  try {
    const file = await ingestFile(task.file, {
      connection,
      transform,
      commitRows: settings.commitRows,
      maxRecordBytes: settings.maxRecordBytes,
      settleMs: settings.settleMs,
      onCommit: (committed) => post({ kind: 'commit', file: committed }),
      onProgress: (progress) => {
        if (Atomics.load(stopSignal, 0) !== 0) throw new InterruptedError('the service is stopping');
        if (performance.now() - lastProgress < PROGRESS_INTERVAL_MS) return;
        lastProgress = performance.now();
        post({ kind: 'progress', fileId: task.file.fileId, ...progress });
      },
    });
    return file === undefined ? { kind: 'claim-lost' } : { kind: 'ended', file };
  } catch (error) {
    connection.discard();
    if (error instanceof InterruptedError) return { kind: 'interrupted' };
    return { kind: isDatabaseAway(error) ? 'database-away' : 'error', message: rootMessage(error) };
  } finally {
    connection.rest();
  }
}

function post(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}
