import { toApiError } from '../api/api-error.ts';
import { readFile } from '../api/files.ts';
import { announce } from '../components/announcements.tsx';
import { createStore } from '../state/store.ts';
import { failureEvent } from './failure-event.ts';
import { sendFile } from './send-file.ts';
import { isTerminal, type Upload } from './upload.ts';
import { refusalOfName } from './upload-name.ts';
import { uploadNews } from './upload-news.ts';
import { afterEvent, nextRetryAt, startable, type UploadEvent, type UploadQueue } from './upload-queue.ts';

export const uploads = createStore<UploadQueue>([]);

/** What an upload sends, and how to stop that; let go as soon as the server has it. */
const files = new Map<number, File>();
const sendings = new Map<number, AbortController>();
let lastId = 0;
let timer: number | undefined;

/** Sends files, each as soon as it is its turn. */
export function addUploads(
  added: readonly File[],
  options: { readonly maxRejectPercent?: number | undefined } = {},
): void {
  const fresh = added.map((file): Upload => {
    lastId += 1;
    const refusal = refusalOfName(file.name);
    if (refusal === undefined) files.set(lastId, file);
    return {
      id: lastId,
      name: file.name,
      sizeBytes: file.size,
      maxRejectPercent: options.maxRejectPercent,
      losses: 0,
      state: refusal === undefined ? { phase: 'waiting' } : { phase: 'refused', message: refusal, remedy: 'none' },
    };
  });
  applyUploadEvent({ kind: 'added', uploads: fresh });
}

/** Shows what was dropped and is not sent, in its place among the uploads. */
export function noteRefusal(name: string, message: string): void {
  lastId += 1;
  const state = { phase: 'refused', message, remedy: 'none' } as const;
  applyUploadEvent({
    kind: 'added',
    uploads: [{ id: lastId, name, sizeBytes: 0, maxRejectPercent: undefined, losses: 0, state }],
  });
}

export function cancelUpload(id: number): void {
  applyUploadEvent({ kind: 'cancelled', id });
  const isCancelled = uploads.get().some((upload) => upload.id === id && upload.state.phase === 'cancelled');
  if (isCancelled) sendings.get(id)?.abort();
}

export const retryUpload = (id: number): void => applyUploadEvent({ kind: 'retried', id });

/** Takes those that are over off the list. */
export function clearUploads(): void {
  applyUploadEvent({ kind: 'cleared' });
  const left = new Set(uploads.get().map(({ id }) => id));
  for (const id of files.keys()) if (!left.has(id)) files.delete(id);
}

export function applyUploadEvent(event: UploadEvent): void {
  const before = uploads.get();
  const after = afterEvent(before, event);
  uploads.set(after);
  const news = uploadNews(before, after);
  if (news !== undefined) announce(news);
  for (const { id } of startable(after, Date.now())) void send(id);
  window.clearTimeout(timer);
  const retryAt = nextRetryAt(uploads.get());
  if (retryAt === undefined) return;
  timer = window.setTimeout(
    () => {
      for (const { id } of startable(uploads.get(), Date.now())) void send(id);
    },
    Math.max(0, retryAt - Date.now()) + 1,
  );
}

async function send(id: number): Promise<void> {
  const file = files.get(id);
  const upload = uploads.get().find((one) => one.id === id);
  if (file === undefined || upload === undefined || sendings.has(id)) return;
  const controller = new AbortController();
  sendings.set(id, controller);
  applyUploadEvent({ kind: 'started', id, at: Date.now() });
  try {
    const taken = await sendFile(file, {
      maxRejectPercent: upload.maxRejectPercent,
      signal: controller.signal,
      onSent: (bytes) => applyUploadEvent({ kind: 'sent', id, bytes, at: Date.now() }),
    });
    files.delete(id);
    sendings.delete(id);
    applyUploadEvent({ kind: 'taken', id, file: taken });
    // Its first live events may have come before this reply was read.
    if (!isTerminal(taken)) rereadUpload(taken.fileId);
  } catch (error) {
    sendings.delete(id);
    applyUploadEvent(failureEvent(id, toApiError(error), Date.now()));
  }
}

/** A failure is left to the next reconnection, which reads it again. */
export function rereadUpload(fileId: number): void {
  readFile(fileId).then(
    (file) => applyUploadEvent({ kind: 'file', file, isLive: false }),
    () => {},
  );
}
