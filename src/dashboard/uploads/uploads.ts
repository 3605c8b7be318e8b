import { type ApiError, toApiError } from '../api/api-error.ts';
import { apiKey } from '../api/api-key.ts';
import { readFile } from '../api/files.ts';
import { liveEvents } from '../api/live-events.ts';
import { announce } from '../components/announcements.tsx';
import { createStore } from '../state/store.ts';
import { outcomeInWords } from './outcome.ts';
import { sendFile } from './send-file.ts';
import { refusalOfName } from './upload-name.ts';
import {
  afterEvent,
  isTerminal,
  nextRetryAt,
  startable,
  type Upload,
  type UploadEvent,
  type UploadQueue,
} from './upload-queue.ts';

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
      state: refusal === undefined ? { phase: 'waiting' } : { phase: 'refused', message: refusal, canRetry: false },
    };
  });
  apply({ kind: 'added', uploads: fresh });
}

/** Shows what was dropped and is not sent, in its place among the uploads. */
export function noteRefusal(name: string, message: string): void {
  lastId += 1;
  const state = { phase: 'refused', message, canRetry: false } as const;
  apply({
    kind: 'added',
    uploads: [{ id: lastId, name, sizeBytes: 0, maxRejectPercent: undefined, losses: 0, state }],
  });
}

export function cancelUpload(id: number): void {
  apply({ kind: 'cancelled', id });
  sendings.get(id)?.abort();
}

export const retryUpload = (id: number): void => apply({ kind: 'retried', id });

/** Takes those that are over off the list. */
export function clearUploads(): void {
  apply({ kind: 'cleared' });
  const left = new Set(uploads.get().map(({ id }) => id));
  for (const id of files.keys()) if (!left.has(id)) files.delete(id);
}

/** Follows what the server says about files that it has taken. Returns the function that ends it. */
export function followUploads(): () => void {
  const ends = [
    liveEvents.on('file', (file) => apply({ kind: 'file', file, isLive: true })),
    liveEvents.on('progress', (progress) => apply({ kind: 'progress', progress, at: Date.now() })),
    liveEvents.onReopened(() => {
      for (const { state } of uploads.get())
        if (state.phase === 'taken' && !isTerminal(state.file)) reread(state.file.fileId);
    }),
    // Those that were refused for want of the key.
    apiKey.subscribe((key) => {
      if (key === undefined) return;
      for (const { id, state } of uploads.get()) {
        if (state.phase === 'refused' && state.message === KEY_WANTED) retryUpload(id);
      }
    }),
  ];
  const warn = (event: BeforeUnloadEvent) => {
    if (sendings.size > 0) event.preventDefault();
  };
  window.addEventListener('beforeunload', warn);
  return () => {
    window.removeEventListener('beforeunload', warn);
    for (const end of ends) end();
  };
}

const KEY_WANTED = 'The API key is needed. It is sent when you have entered the key.';

function apply(event: UploadEvent): void {
  const before = uploads.get();
  const after = afterEvent(before, event);
  uploads.set(after);
  if (event.kind === 'file') announceEnd(before, event.file.fileId);
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
  apply({ kind: 'started', id, at: Date.now() });
  try {
    const taken = await sendFile(file, {
      maxRejectPercent: upload.maxRejectPercent,
      signal: controller.signal,
      onSent: (bytes) => apply({ kind: 'sent', id, bytes, at: Date.now() }),
    });
    files.delete(id);
    sendings.delete(id);
    apply({ kind: 'taken', id, file: taken });
    // Its first live events may have come before this reply was read.
    if (!isTerminal(taken)) reread(taken.fileId);
    else announce(outcomeInWords(taken));
  } catch (error) {
    sendings.delete(id);
    apply(eventOf(id, toApiError(error)));
  }
}

function eventOf(id: number, error: ApiError): UploadEvent {
  if (error.status === 0) return { kind: 'lost', id, at: Date.now() };
  const message = error.status === 401 ? KEY_WANTED : error.message;
  return { kind: 'refused', id, message, canRetry: error.isPassing || error.status === 401 };
}

/** A failure is left to the next reconnection, which reads it again. */
function reread(fileId: number): void {
  readFile(fileId).then(
    (file) => apply({ kind: 'file', file, isLive: false }),
    () => {},
  );
}

function announceEnd(before: UploadQueue, fileId: number): void {
  const wasOver = before.some(
    ({ state }) => state.phase === 'taken' && state.file.fileId === fileId && isTerminal(state.file),
  );
  const now = uploads.get().find(({ state }) => state.phase === 'taken' && state.file.fileId === fileId);
  if (wasOver || now?.state.phase !== 'taken' || !isTerminal(now.state.file)) return;
  announce(outcomeInWords(now.state.file));
}
