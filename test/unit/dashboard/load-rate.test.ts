import { expect, test } from 'vitest';
import { afterEvent, type UploadEvent, type UploadQueue } from '../../../src/dashboard/uploads/upload-queue.ts';
import { uploadText } from '../../../src/dashboard/uploads/upload-text.ts';
import { fileReply } from './support/file-reply.ts';

test('a file that is being loaded says how fast, and how long it will take', () => {
  const file = fileReply({ fileId: 7, status: 'loading', sizeBytes: 10_000 });
  const progress = (at: number, bytesRead: number, rowsRead: number): UploadEvent => ({
    kind: 'progress',
    at,
    progress: { fileId: 7, bytesRead, rowsRead },
  });
  const before: UploadQueue = [
    { id: 1, name: 'a.csv', sizeBytes: 10_000, maxRejectPercent: undefined, losses: 0, state: { phase: 'waiting' } },
  ];
  const events: readonly UploadEvent[] = [
    { kind: 'started', id: 1, at: 0 },
    { kind: 'taken', id: 1, file },
    progress(1000, 1000, 10),
    progress(3000, 5000, 50),
  ];
  const [upload] = events.reduce(afterEvent, before);
  expect(upload === undefined ? undefined : uploadText(upload, 3000)).toEqual({
    words: '50 rows read, 5.0 kB of 10.0 kB · 2.0 kB/s · 3 s left',
    share: 0.5,
  });
});
