import { expect, test } from 'vitest';
import { afterProgress, loadText, NOTHING_LOADED } from '../../../src/dashboard/uploads/load.ts';
import { fileReply } from './support/file-reply.ts';

const loading = fileReply({ status: 'loading', sizeBytes: 4000, bytesCommitted: 0, rowsRead: 0 });
const progress = (bytesRead: number, rowsRead: number) => ({ fileId: 1, bytesRead, rowsRead });

test('a load tells rows and bytes, then the rate and the time left by it', () => {
  const first = afterProgress(NOTHING_LOADED, progress(500, 5), 1000);
  expect(loadText(first, loading)).toEqual({ parts: ['5 rows read, 500 B of 4.0 kB'], share: 0.125 });
  const second = afterProgress(first, progress(1500, 15), 2000);
  expect(loadText(second, loading).parts).toEqual(['15 rows read, 1.5 kB of 4.0 kB', '1.0 kB/s', '3 s left']);
});

test('where nothing was told live, what is committed is told; before that nobody knows how far it is', () => {
  const committed = { ...loading, bytesCommitted: 1000, rowsRead: 12 };
  expect(loadText(NOTHING_LOADED, committed)).toEqual({ parts: ['12 rows read, 1.0 kB of 4.0 kB'], share: 0.25 });
  expect(loadText(NOTHING_LOADED, loading).share).toBe('unknown');
});
