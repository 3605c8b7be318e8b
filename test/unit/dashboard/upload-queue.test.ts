import { describe, expect, test } from 'vitest';
import { isCancellable, isOver, type Upload } from '../../../src/dashboard/uploads/upload.ts';
import {
  afterEvent,
  MAX_LOSSES,
  MAX_SENDING,
  nextRetryAt,
  startable,
  type UploadEvent,
  type UploadQueue,
} from '../../../src/dashboard/uploads/upload-queue.ts';
import { uploadText } from '../../../src/dashboard/uploads/upload-text.ts';
import { fileReply } from './support/file-reply.ts';

const upload = (id: number): Upload => ({
  id,
  name: `${id}.csv`,
  sizeBytes: 1000,
  maxRejectPercent: undefined,
  losses: 0,
  state: { phase: 'waiting' },
});
const queueOf = (count: number): UploadQueue =>
  Array.from({ length: count }, (_, index) => upload(index + 1)).reverse();
const when = (queue: UploadQueue, ...events: readonly UploadEvent[]) => events.reduce(afterEvent, queue);
const only = (queue: UploadQueue) => {
  const [first] = queue;
  if (first === undefined) throw new TypeError('the queue is empty');
  return first;
};
const started = (id: number, at = 0): UploadEvent => ({ kind: 'started', id, at });
const lost = (id: number, at = 0): UploadEvent => ({ kind: 'lost', id, at });
const queued = fileReply({ fileId: 7, status: 'queued', rowsRead: 0, rowsLoaded: 0 });
const taken: UploadEvent = { kind: 'taken', id: 1, file: queued };
const told = (change: Parameters<typeof fileReply>[0], isLive = true): UploadEvent => ({
  kind: 'file',
  file: fileReply({ fileId: 7, ...change }),
  isLive,
});

describe('files that wait to be sent', () => {
  test('are sent a few at once, oldest first', () => {
    const queue = queueOf(5);
    expect(startable(queue, 0).map(({ id }) => id)).toEqual([1, 2, 3].slice(0, MAX_SENDING));
    const busy = when(queue, started(1), started(2), started(3));
    expect(startable(busy, 0)).toEqual([]);
    expect(startable(when(busy, { ...taken, id: 2 }), 0).map(({ id }) => id)).toEqual([4]);
  });

  test('are sent again when the connection broke, each time after a longer pause', () => {
    let queue = queueOf(1);
    const pauses: number[] = [];
    for (let loss = 1; loss < MAX_LOSSES; loss += 1) {
      queue = when(queue, started(1), lost(1, 5000));
      pauses.push((nextRetryAt(queue) ?? 0) - 5000);
      expect(startable(queue, 5000)).toEqual([]);
      expect(startable(queue, nextRetryAt(queue) ?? 0)).toHaveLength(1);
    }
    expect(pauses).toEqual([1000, 2000, 4000, 8000]);
    queue = when(queue, started(1), lost(1));
    expect(only(queue).state).toMatchObject({ phase: 'refused', remedy: 'send-again' });
    expect(nextRetryAt(queue)).toBeUndefined();
    expect(only(when(queue, { kind: 'retried', id: 1 }))).toMatchObject({ losses: 0, state: { phase: 'waiting' } });
  });

  test('are not sent when they were cancelled, whatever the connection says afterwards', () => {
    const cancelled = when(queueOf(1), started(1), { kind: 'cancelled', id: 1 }, lost(1), {
      kind: 'sent',
      id: 1,
      bytes: 9,
      at: 1,
    });
    expect(only(cancelled).state).toEqual({ phase: 'cancelled' });
    expect(startable(cancelled, 1e9)).toEqual([]);
    expect(only(when(cancelled, started(1))).state.phase).toBe('cancelled');
  });
});

describe('files that the server asks to bring later', () => {
  const deferred = (id: number, waitMs?: number): UploadEvent => ({
    kind: 'deferred',
    id,
    at: 1000,
    message: 'The database is not available.',
    waitMs,
  });

  test('are sent again when it said, for as long as it takes', () => {
    let queue = queueOf(1);
    for (let time = 0; time < 3 * MAX_LOSSES; time += 1) {
      queue = when(queue, started(1), deferred(1, 7000));
      expect(nextRetryAt(queue)).toBe(8000);
      expect(startable(queue, 7999)).toEqual([]);
      expect(startable(queue, 8000)).toHaveLength(1);
    }
    expect(uploadText(only(queue), 6500)).toEqual({
      words: 'The database is not available. It is sent again in 2 s.',
      share: undefined,
    });
    expect(nextRetryAt(when(queueOf(1), started(1), deferred(1)))).toBe(6000);
    expect(nextRetryAt(when(queueOf(1), started(1), deferred(1, 3_600_000)))).toBe(61_000);
  });

  test('keep the others from being sent in vain', () => {
    const queue = when(queueOf(5), started(1), started(2), lost(2, 0), started(3), deferred(3, 7000));
    expect(startable(queue, 7999)).toEqual([]);
    expect(nextRetryAt(queue)).toBe(8000);
    expect(startable(queue, 8000).map(({ id }) => id)).toEqual([2, 3]);
  });
});

describe('files that the server has taken', () => {
  const loading = when(queueOf(1), started(1), taken, told({ status: 'loading' }));

  test('follow what is told of them, and of no other', () => {
    expect(only(when(loading, told({ fileId: 8, status: 'failed' }))).state).toBe(only(loading).state);
    const done = when(loading, told({ status: 'loaded' }));
    expect(isOver(only(done))).toBe(true);
    expect(isOver(only(loading))).toBe(false);
  });

  test('do not go back when a reading comes behind the news', () => {
    const done = when(loading, told({ status: 'loaded' }), told({ status: 'loading' }, false));
    expect(only(done).state).toMatchObject({ file: { status: 'loaded' } });
    // What is told live is newer, always: a failed file that somebody tries again.
    expect(only(when(done, told({ status: 'queued' }))).state).toMatchObject({ file: { status: 'queued' } });
  });

  test('show how far their load is, and begin anew where it does', () => {
    const half = when(loading, { kind: 'progress', at: 10, progress: { fileId: 7, bytesRead: 500, rowsRead: 40 } });
    expect(uploadText(only(half), 10)).toEqual({ words: '40 rows read, 500 B of 1.0 kB', share: 0.5 });
    expect(uploadText(only(when(half, told({ status: 'queued' }))), 10).words).toBe('waiting to be loaded');
  });

  test('can not be cancelled: taking them out again is another thing', () => {
    expect(when(loading, { kind: 'cancelled', id: 1 })).toBe(loading);
  });
});

test('once all of a file is sent it can not be cancelled: the server may have it', () => {
  const half = when(queueOf(1), started(1), { kind: 'sent', id: 1, bytes: 999, at: 1 });
  expect(isCancellable(only(half))).toBe(true);
  const all = when(half, { kind: 'sent', id: 1, bytes: 1000, at: 2 });
  expect(isCancellable(only(all))).toBe(false);
  expect(when(all, { kind: 'cancelled', id: 1 })).toBe(all);
  // What of it came through a connection that broke nobody knows.
  const broken = when(half, lost(1), { kind: 'cancelled', id: 1 });
  expect(uploadText(only(broken), 0).words).toBe('cancelled; if it had arrived before, it is in the list');
  expect(only(when(broken, { kind: 'retried', id: 1 })).state).toEqual({ phase: 'waiting' });
});

test('clearing leaves what is still under way', () => {
  const queue = when(queueOf(3), started(1), taken, told({ status: 'loaded' }), started(2), { kind: 'cleared' });
  expect(queue.map(({ id }) => id)).toEqual([3, 2]);
});

describe('what a row says', () => {
  const words = (queue: UploadQueue, now = 0) => uploadText(only(queue), now).words;

  test('while it is sent: bytes, rate and time left', () => {
    const sending = when(queueOf(1), started(1), { kind: 'sent', id: 1, bytes: 250, at: 500 });
    expect(uploadText(only(sending), 500)).toEqual({
      words: '250 B of 1.0 kB sent · 500 B/s · 2 s left',
      share: 0.25,
    });
    expect(words(when(sending, { kind: 'sent', id: 1, bytes: 1000, at: 900 }))).toBe('sent; Sluice is writing it down');
  });

  test('while it pauses: when it goes on', () => {
    expect(words(when(queueOf(1), started(1), lost(1, 0)), 200)).toBe(
      'the connection broke (1×); sending again in 1 s',
    );
  });

  test.each<[Parameters<typeof fileReply>[0], string]>([
    [{ status: 'loaded', rowsLoaded: 1 }, '1 row loaded'],
    [{ status: 'loaded', rowsLoaded: 1200, rowsRejected: 2 }, '1,200 rows loaded, 2 rows rejected'],
    [{ status: 'failed', error: { code: 'missing_header', message: 'it is empty' } }, 'it is empty'],
    [{ status: 'duplicate', duplicateOf: 3 }, 'the same bytes are loaded already, as file 3'],
    [{ status: 'held', rowsRead: 1, rowsRejected: 1, rowsWithheld: 3 }, expect.stringContaining('1 of 4 rows (25%)')],
    [{ status: 'reverted' }, 'its rows were taken out again'],
  ])('when it is over: %o', (change, said) => {
    expect(words(when(queueOf(1), started(1), taken, told(change)))).toEqual(said);
  });
});
