import { describe, expect, test } from 'vitest';
import { viewFrom } from '../../../src/dashboard/files/list-view.ts';
import { LiveChanges } from '../../../src/dashboard/files/live-changes.ts';
import { cutTo, merged, withLiveFiles } from '../../../src/dashboard/files/live-list.ts';
import { fileReply } from './support/file-reply.ts';

const ALL = { search: '', status: '' } as const;
const page = (ids: readonly number[], nextCursor: string | null = null) => ({
  data: ids.map((fileId) => fileReply({ fileId, name: `${fileId}.csv` })),
  nextCursor,
});
const ids = (list: { readonly data: readonly { readonly fileId: number }[] }) => list.data.map(({ fileId }) => fileId);

describe('the list of files, when something is told of one', () => {
  test('has it in its place, new ones on top', () => {
    const changed = [fileReply({ fileId: 2, status: 'failed' }), fileReply({ fileId: 4 })];
    const list = withLiveFiles(page([3, 2, 1]), changed, ALL);
    expect(ids(list)).toEqual([4, 3, 2, 1]);
    expect(list.data[2]?.status).toBe('failed');
  });

  test('leaves one behind its end to the reading of the next page', () => {
    const old = [fileReply({ fileId: 4 })];
    expect(ids(withLiveFiles(page([9, 8], 'more'), old, ALL))).toEqual([9, 8]);
    expect(ids(withLiveFiles(page([9, 8]), old, ALL))).toEqual([9, 8, 4]);
  });

  test('lets go what no longer matches, and takes nothing that does not', () => {
    const filter = { search: 'SHOP', status: 'loading' } as const;
    const before = withLiveFiles(page([]), [fileReply({ fileId: 1, name: 'shop.csv', status: 'loading' })], filter);
    expect(ids(before)).toEqual([1]);
    expect(ids(withLiveFiles(before, [fileReply({ fileId: 1, name: 'shop.csv' })], filter))).toEqual([]);
    expect(ids(withLiveFiles(before, [fileReply({ fileId: 2, status: 'loading' })], filter))).toEqual([1]);
  });
});

test('the next page goes behind, and takes nothing back that is newer', () => {
  const before = withLiveFiles(page([5, 4], 'x'), [fileReply({ fileId: 4, status: 'failed' })], ALL);
  const list = merged(before, page([4, 3], null));
  expect(ids(list)).toEqual([5, 4, 3]);
  expect(list.data[1]?.status).toBe('failed');
  expect(list.nextCursor).toBeNull();
});

describe('a burst of files', () => {
  test('is kept up to a limit, with the latest of each, and what was let go is said', () => {
    const changes = new LiveChanges(3);
    for (const fileId of [1, 2, 3]) changes.add(fileReply({ fileId, status: 'queued' }));
    changes.add(fileReply({ fileId: 1 }));
    expect(changes.isOverflown).toBe(false);
    for (let fileId = 4; fileId <= 5000; fileId += 1) changes.add(fileReply({ fileId }));
    expect(changes.isOverflown).toBe(true);
    expect(changes.take().map(({ fileId }) => fileId)).toEqual([4998, 4999, 5000]);
    expect([changes.isEmpty, changes.isOverflown]).toEqual([true, false]);
  });

  test('leaves of a list the newest', () => {
    expect(ids(cutTo(page([5, 4, 3, 2], 'more'), 2))).toEqual([5, 4]);
    const whole = page([5, 4]);
    expect(cutTo(whole, 2)).toBe(whole);
  });
});

test('a view that was kept in the history comes back, and what is none counts as not set', () => {
  const kept = { search: 'shop', status: 'failed', wanted: 250 };
  expect(viewFrom(kept)).toEqual(kept);
  expect(viewFrom({ ...kept, wanted: 1e9 }).wanted).toBe(1000);
  const unset = { search: '', status: '', wanted: 50 };
  for (const other of [undefined, null, 7, {}, { search: 1, status: 'gone', wanted: '9' }]) {
    expect(viewFrom(other)).toEqual(unset);
  }
});
