import { describe, expect, test } from 'vitest';
import { isDiscarded, rejectsInWords, rowsInFile } from '../../../src/dashboard/files/rejected-share.ts';
import { actionsFor } from '../../../src/dashboard/pages/file/file-action.ts';
import { timelineSteps } from '../../../src/dashboard/pages/file/timeline-steps.ts';
import { outcomeInWords } from '../../../src/dashboard/uploads/outcome.ts';
import { fileReply } from './support/file-reply.ts';

const error = { code: 'too_many_rejects', message: '5 of 10 rows …: POST /ingestion/files/1/release' };
const seen = { startedAt: '2026-01-01T00:00:01.000Z', finishedAt: '2026-01-01T00:00:02.000Z' };
const held = fileReply({
  ...seen,
  status: 'held',
  rowsRead: 5,
  rowsLoaded: 0,
  rowsRejected: 5,
  rowsWithheld: 5,
  error,
});
const discarded = { ...held, status: 'reverted', revertedAt: '2026-01-02T00:00:00.000Z' } as const;

describe('a held file', () => {
  test('says why in its counts, not in calls of the API', () => {
    expect(rejectsInWords({ ...held, maxRejectPercent: 5 })).toBe(
      '5 of 10 rows (50%) are rejected, more than the 5% that are allowed: none of its rows is loaded.',
    );
    expect(rejectsInWords(held)).toContain('more than is allowed');
    expect(outcomeInWords(held)).not.toContain('POST');
    expect(outcomeInWords(discarded)).toContain('discarded');
  });

  test('counts the rows that are held back as read', () => {
    expect(rowsInFile(held)).toBe(10);
  });

  test('that was discarded is not told as if its rows had been in', () => {
    expect([held, discarded].map(isDiscarded)).toEqual([false, true]);
    expect(timelineSteps(discarded).map(({ title }) => title)).toEqual([
      'Uploaded',
      'Load started',
      'Held: too many rejects',
      'Discarded',
    ]);
    const undone = fileReply({ ...seen, status: 'reverted', revertedAt: discarded.revertedAt });
    expect(timelineSteps(undone).map(({ title }) => title)).toEqual([
      'Uploaded',
      'Load started',
      'Finished',
      'Rows taken out',
    ]);
  });
});

test('a file of which no row is loaded offers no rows to take out', () => {
  const [undo] = actionsFor(fileReply({ rowsLoaded: 0, rowsRejected: 10 }));
  expect(undo?.label).toBe('Undo: let it come again');
  expect(JSON.stringify(undo)).not.toContain('0 rows');
});

test('a file of which rows have expired offers to take out those that are there', () => {
  const [undo] = actionsFor(fileReply({ rowsLoaded: 10, rowsExpired: 9 }));
  expect(undo).toMatchObject({ label: 'Undo: take 1 row out', done: '1 row taken out' });
  const [undoNothing] = actionsFor(fileReply({ rowsLoaded: 10, rowsExpired: 10 }));
  expect(undoNothing?.label).toBe('Undo: let it come again');
  expect(undoNothing?.consequences.join(' ')).not.toContain('rejected');
});
