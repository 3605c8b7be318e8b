import { keyEntries } from '../api/api-key.ts';
import { liveEvents } from '../api/live-events.ts';
import { isOpen, isTerminal } from './upload.ts';
import { applyUploadEvent, rereadUpload, retryUpload, uploads } from './uploads.ts';

/** Follows what the server says about files that it has taken. Returns the function that ends it. */
export function followUploads(): () => void {
  const ends = [
    liveEvents.on('file', (file) => applyUploadEvent({ kind: 'file', file, isLive: true })),
    liveEvents.on('progress', (progress) => applyUploadEvent({ kind: 'progress', progress, at: Date.now() })),
    // Also the first time: a file may have been dropped, and loaded, before the page was connected.
    liveEvents.onOpened(() => {
      for (const { state } of uploads.get())
        if (state.phase === 'taken' && !isTerminal(state.file)) rereadUpload(state.file.fileId);
    }),
    keyEntries.subscribe(() => {
      for (const { id, state } of uploads.get()) {
        if (state.phase === 'refused' && state.remedy === 'key') retryUpload(id);
      }
    }),
  ];
  const warn = (event: BeforeUnloadEvent) => {
    // The browser asks whether to leave, since what waits here is sent by this page alone.
    if (uploads.get().some(isOpen)) event.preventDefault();
  };
  window.addEventListener('beforeunload', warn);
  return () => {
    window.removeEventListener('beforeunload', warn);
    for (const end of ends) end();
  };
}
