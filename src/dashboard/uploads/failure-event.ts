import type { ApiError } from '../api/api-error.ts';
import type { UploadEvent } from './upload-queue.ts';

/** What an upload that was not taken goes through next. */
export function failureEvent(id: number, error: ApiError, at: number): UploadEvent {
  const { status, message } = error;
  if (error.code === 'unreadable_file') return { kind: 'refused', id, message, remedy: 'none' };
  if (status === 0) return { kind: 'lost', id, at };
  if (status === 401) {
    const wanted = 'The API key is needed. It is sent when you have entered the key.';
    return { kind: 'refused', id, message: wanted, remedy: 'key' };
  }
  if (error.isPassing) return { kind: 'deferred', id, at, message, waitMs: error.retryAfterMs };
  // Somebody may make room on the disk, or a better connection.
  const mayHelp = status >= 500 || status === 408;
  return { kind: 'refused', id, message, remedy: mayHelp ? 'send-again' : 'none' };
}
