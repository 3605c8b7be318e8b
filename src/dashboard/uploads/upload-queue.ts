import type { FileReply, LoadProgress } from '../api/reply-types.ts';
import { afterProgress, NOTHING_LOADED } from './load.ts';
import { withSample } from './rate.ts';
import { isCancellable, isOpen, isOver, isTerminal, type Remedy, type Upload } from './upload.ts';

export type UploadEvent =
  | { readonly kind: 'added'; readonly uploads: readonly Upload[] }
  | { readonly kind: 'started'; readonly id: number; readonly at: number }
  | { readonly kind: 'sent'; readonly id: number; readonly bytes: number; readonly at: number }
  | { readonly kind: 'lost'; readonly id: number; readonly at: number }
  /** the server asks to come back later */
  | {
      readonly kind: 'deferred';
      readonly id: number;
      readonly at: number;
      readonly message: string;
      readonly waitMs: number | undefined;
    }
  | { readonly kind: 'taken'; readonly id: number; readonly file: FileReply }
  | { readonly kind: 'refused'; readonly id: number; readonly message: string; readonly remedy: Remedy }
  | { readonly kind: 'cancelled'; readonly id: number }
  | { readonly kind: 'retried'; readonly id: number }
  | { readonly kind: 'file'; readonly file: FileReply; readonly isLive: boolean }
  | { readonly kind: 'progress'; readonly progress: LoadProgress; readonly at: number }
  | { readonly kind: 'cleared' };

export type UploadQueue = readonly Upload[];

/** More at once would only make each other late; the server loads one after the other anyway. */
export const MAX_SENDING = 3;
/** After that somebody has to look at the network, and press the button. */
export const MAX_LOSSES = 5;
const FIRST_PAUSE_MS = 1000;
/** Where the server does not say how long. */
const USUAL_WAIT_MS = 5000;
const LONGEST_WAIT_MS = 60_000;

/** The queue after an event. What does not fit the state of an upload, such as bytes sent of a cancelled one, changes nothing. */
export function afterEvent(queue: UploadQueue, event: UploadEvent): UploadQueue {
  switch (event.kind) {
    case 'added':
      return [...event.uploads, ...queue];
    case 'cleared':
      return queue.filter((upload) => !isOver(upload));
    case 'file':
    case 'progress':
      return changed(queue, (upload) => afterServerEvent(upload, event));
    default:
      return changed(queue, (upload) => (upload.id === event.id ? afterOwnEvent(upload, event) : upload));
  }
}

/** Those whose turn it is, oldest first. When the server asks one to wait, all of them do: each would bring its whole file in vain. */
export function startable(queue: UploadQueue, now: number): readonly Upload[] {
  if (now < deferredUntil(queue)) return [];
  const free = MAX_SENDING - queue.filter(({ state }) => state.phase === 'sending').length;
  const due = queue.filter(
    ({ state }) => state.phase === 'waiting' || (state.phase === 'pausing' && state.retryAt <= now),
  );
  return [...due].sort((one, other) => one.id - other.id).slice(0, Math.max(0, free));
}

/** When the next pause ends, ms since 1970. */
export function nextRetryAt(queue: UploadQueue): number | undefined {
  const times = queue.flatMap(({ state }) => (state.phase === 'pausing' ? [state.retryAt] : []));
  return times.length === 0 ? undefined : Math.max(Math.min(...times), deferredUntil(queue));
}

function deferredUntil(queue: UploadQueue): number {
  const times = queue.flatMap(({ state }) =>
    state.phase === 'pausing' && state.request !== undefined ? [state.retryAt] : [],
  );
  return Math.max(0, ...times);
}

type OwnEvent = Exclude<UploadEvent, { kind: 'added' | 'cleared' | 'file' | 'progress' }>;

function afterOwnEvent(upload: Upload, event: OwnEvent): Upload {
  const { state } = upload;
  switch (event.kind) {
    case 'started':
      if (!isOpen(upload)) return upload;
      return { ...upload, state: { phase: 'sending', sentBytes: 0, samples: [{ at: event.at, value: 0 }] } };
    case 'sent':
      if (state.phase !== 'sending') return upload;
      return {
        ...upload,
        state: {
          phase: 'sending',
          sentBytes: event.bytes,
          samples: withSample(state.samples, { at: event.at, value: event.bytes }),
        },
      };
    case 'lost':
      if (state.phase !== 'sending') return upload;
      return afterLoss({ ...upload, losses: upload.losses + 1 }, event.at);
    case 'deferred': {
      if (state.phase !== 'sending') return upload;
      const waitMs = Math.min(LONGEST_WAIT_MS, event.waitMs ?? USUAL_WAIT_MS);
      return { ...upload, losses: 0, state: { phase: 'pausing', retryAt: event.at + waitMs, request: event.message } };
    }
    case 'taken':
      if (state.phase !== 'sending') return upload;
      return { ...upload, losses: 0, state: { phase: 'taken', file: event.file, load: NOTHING_LOADED } };
    case 'refused':
      if (!isOpen(upload)) return upload;
      return { ...upload, state: { phase: 'refused', message: event.message, remedy: event.remedy } };
    case 'cancelled':
      return isCancellable(upload) ? { ...upload, state: { phase: 'cancelled' } } : upload;
    case 'retried':
      return state.phase === 'taken' || state.phase === 'sending'
        ? upload
        : { ...upload, losses: 0, state: { phase: 'waiting' } };
  }
}

function afterLoss(upload: Upload, now: number): Upload {
  if (upload.losses >= MAX_LOSSES) {
    const message = `The connection broke ${upload.losses} times. Is Sluice still running?`;
    return { ...upload, state: { phase: 'refused', message, remedy: 'send-again' } };
  }
  return {
    ...upload,
    state: { phase: 'pausing', retryAt: now + FIRST_PAUSE_MS * 2 ** (upload.losses - 1), request: undefined },
  };
}

function afterServerEvent(upload: Upload, event: Extract<UploadEvent, { kind: 'file' | 'progress' }>): Upload {
  const { state } = upload;
  if (state.phase !== 'taken') return upload;
  if (event.kind === 'file') {
    if (event.file.fileId !== state.file.fileId) return upload;
    // A reading that was asked for before the live event came may arrive behind it.
    if (!event.isLive && isTerminal(state.file)) return upload;
    // A file that waits again begins anew.
    const load = event.file.status === 'queued' ? NOTHING_LOADED : state.load;
    return { ...upload, state: { phase: 'taken', file: event.file, load } };
  }
  if (event.progress.fileId !== state.file.fileId || isTerminal(state.file)) return upload;
  return { ...upload, state: { ...state, load: afterProgress(state.load, event.progress, event.at) } };
}

/** The same array where nothing changed, so that nothing is drawn again. */
function changed(queue: UploadQueue, change: (upload: Upload) => Upload): UploadQueue {
  const next = queue.map(change);
  return next.some((upload, index) => upload !== queue[index]) ? next : queue;
}
