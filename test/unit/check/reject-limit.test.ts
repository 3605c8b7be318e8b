import { describe, expect, it } from 'vitest';
import { isAboveRejectLimit, tooManyRejects } from '../../../src/ingest/check/reject-limit.ts';

describe('the limit of rejects', () => {
  it.each<[number, number, number | null, boolean]>([
    [5, 100, 5, false],
    [6, 100, 5, true],
    [1, 1000, 0.1, false],
    [2, 1000, 0.1, true],
    [1, 1_000_000, 0, true],
    [0, 100, 0, false],
    [0, 0, 0, false],
    [100, 100, 100, false],
    [100, 100, null, false],
    // 0.07 * 100 is 7.000000000000001
    [7, 100, 7, false],
    [29, 100, 29, false],
    // 0.57 * 10000 is 5699.999999999999
    [57, 10_000, 0.57, false],
    [58, 10_000, 0.57, true],
    [500_001, 1_000_000_000, 0.05, true],
  ])('%d of %d rows at %s %%: above it is %s', (rejected, read, limit, isAbove) => {
    expect(isAboveRejectLimit({ read, rejected }, limit)).toBe(isAbove);
  });

  it('is told with the share', () => {
    expect(tooManyRejects({ read: 1000, rejected: 620 }, 5)).toBe(
      '620 of 1000 rows (62.0 %) are rejected, the limit is 5 %',
    );
    expect(tooManyRejects({ read: 9000, rejected: 1000 }, 11.1)).toContain(
      '(11.11 %) are rejected, the limit is 11.1 %',
    );
  });
});
