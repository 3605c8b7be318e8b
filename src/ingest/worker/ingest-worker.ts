import { setPriority } from 'node:os';
import { performance } from 'node:perf_hooks';
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { isDatabaseAway } from '../../database/database-error.ts';
import type { SourceFileRow } from '../../database/schema.ts';
import { rootMessage } from '../../error-code.ts';
import { type IngestContext, ingestFile } from '../ingest-file.ts';
import { ingestSmallFiles } from '../ingest-small-files.ts';
import { LoadConnection } from '../load/load-connection.ts';
import { createLocalTime } from '../transform/local-time.ts';
import type {
  FileOutcome,
  IngestOutcome,
  IngestTask,
  PortionTask,
  WorkerMessage,
  WorkerSettings,
} from './worker-messages.ts';

/** Thread entry: loads one file or one portion at a time over a connection of its own; rows never leave this thread. */

const PROGRESS_INTERVAL_MS = 200;
/** Behind the thread that answers over HTTP, where the cores are too few for all. */
const NICENESS = 5;

const settings = workerData as WorkerSettings;
const stopSignal = new Int32Array(settings.stopSignal);
const instantOfLocalTime = createLocalTime(settings.timeZone);
const connection = new LoadConnection(settings.connectionString, `sluice-loader-${threadId}`);

// On Linux that is of this thread alone (setpriority(2), «C library/kernel differences»); elsewhere it would be of the whole process.
if (process.platform === 'linux') setPriority(NICENESS);

class InterruptedError extends Error {
  readonly code = 'interrupted';
}

/** Called by the pool for a file that is loaded alone. Never rejects. */
export async function runTask({ file }: IngestTask): Promise<IngestOutcome> {
  let lastProgress = performance.now();
  try {
    const ended = await ingestFile(
      file,
      contextWith((progress) => {
        if (performance.now() - lastProgress < PROGRESS_INTERVAL_MS) return;
        lastProgress = performance.now();
        post({ kind: 'progress', fileId: file.fileId, ...progress });
      }),
    );
    return ended === undefined ? { kind: 'claim-lost' } : { kind: 'ended', file: ended };
  } catch (error) {
    return outcomeOf(error);
  } finally {
    connection.rest();
  }
}

/**
 * Called by the pool for several small files: what can be loaded together is, and then what is left one by one. Answers
 * with all outcomes; those that are known while others are not are told by a message, too. Never rejects.
 */
export async function runPortion({ files }: PortionTask): Promise<FileOutcome[]> {
  const outcomes = await loadedTogether(files);
  const known = new Set(outcomes.map(({ fileId }) => fileId));
  const left = files.filter(({ fileId }) => !known.has(fileId));
  if (left.length > 0 && outcomes.length > 0) post({ kind: 'outcomes', outcomes });
  for (const [index, file] of left.entries()) {
    const outcome = await runTask({ file });
    // What ends one load for a reason that is not the file's would end the next ones as well, each after its time.
    if (outcome.kind === 'interrupted' || outcome.kind === 'database-away') {
      return [...outcomes, ...sameForAll(left.slice(index), outcome)];
    }
    outcomes.push({ fileId: file.fileId, outcome });
    if (index < left.length - 1) post({ kind: 'outcomes', outcomes: outcomes.slice(-1) });
  }
  return outcomes;
}

async function loadedTogether(files: readonly SourceFileRow[]): Promise<FileOutcome[]> {
  try {
    const loaded = await ingestSmallFiles(
      files,
      contextWith(() => {}),
    );
    return loaded.map((file) => ({ fileId: file.fileId, outcome: { kind: 'ended', file } }));
  } catch (error) {
    const outcome = outcomeOf(error);
    // Alone, each file gets what it deserves.
    return outcome.kind === 'error' ? [] : sameForAll(files, outcome);
  } finally {
    connection.rest();
  }
}

function sameForAll(files: readonly SourceFileRow[], outcome: IngestOutcome): FileOutcome[] {
  return files.map(({ fileId }) => ({ fileId, outcome }));
}

function outcomeOf(error: unknown): IngestOutcome {
  connection.discard();
  if (error instanceof InterruptedError) return { kind: 'interrupted' };
  return { kind: isDatabaseAway(error) ? 'database-away' : 'error', message: rootMessage(error) };
}

function contextWith(onProgress: IngestContext['onProgress']): IngestContext {
  return {
    connection,
    instantOfLocalTime,
    commitRows: settings.commitRows,
    maxRecordBytes: settings.maxRecordBytes,
    maxRejectPercent: settings.maxRejectPercent,
    settleMs: settings.settleMs,
    onCommit: (committed) => post({ kind: 'commit', file: committed }),
    onProgress: (progress) => {
      if (Atomics.load(stopSignal, 0) !== 0) throw new InterruptedError('the service is stopping');
      onProgress(progress);
    },
  };
}

function post(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}
