import { describe, expect, test } from 'vitest';
import { formatByteRate, formatBytes } from '../../../src/dashboard/format/bytes.ts';
import { formatDuration, formatSeconds } from '../../../src/dashboard/format/durations.ts';
import { formatAgo, formatDay, formatExactUtc } from '../../../src/dashboard/format/moments.ts';
import {
  formatCount,
  formatCounted,
  formatMoney,
  formatPercent,
  formatShortCount,
} from '../../../src/dashboard/format/numbers.ts';

describe('numbers', () => {
  test('are cut into groups', () => {
    expect(formatCount(1234567)).toBe('1,234,567');
    expect(formatShortCount(1234567)).toBe('1.2M');
  });

  test.each([
    [0, '0%'],
    [12 / 1_000_000, '<0.1%'],
    [0.0005, '0.1%'],
    [0.1234, '12.3%'],
    [0.9999, '>99.9%'],
    [1, '100%'],
  ])('a share of %d is %s: some is not none, and not all is not all', (share, shown) => {
    expect(formatPercent(share)).toBe(shown);
  });

  test('stand with the word for one or for many', () => {
    expect([0, 1, 2000].map((rows) => formatCounted(rows, 'row'))).toEqual(['0 rows', '1 row', '2,000 rows']);
  });

  test.each([
    ['1234567.50', '1,234,567.50'],
    ['-12.3', '-12.30'],
    ['999', '999.00'],
    // Beyond what a float could hold.
    ['90071992547409931234.56', '90,071,992,547,409,931,234.56'],
    ['n/a', 'n/a'],
  ])('money keeps every digit: %s', (text, shown) => {
    expect(formatMoney(text)).toBe(shown);
  });
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [99_949, '99.9 kB'],
  [99_950, '100 kB'],
  [999_949, '1000 kB'],
  [999_950, '1.0 MB'],
  [44_073_141, '44.1 MB'],
  [3e15, '3000 TB'],
])('%d bytes are %s', (bytes, shown) => {
  expect(formatBytes(bytes)).toBe(shown);
  expect(formatByteRate(bytes)).toBe(`${shown}/s`);
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [999.6, '1.0 s'],
  [9949, '9.9 s'],
  [9960, '10 s'],
  [59_400, '59 s'],
  [59_600, '1 min'],
  [75_000, '1 min 15 s'],
  [3_725_000, '1 h 2 min'],
  [273_600_000, '3 d 4 h'],
])('%d ms are %s', (ms, shown) => {
  expect(formatDuration(ms)).toBe(shown);
});

test('whole seconds never show a negative time', () => {
  expect(formatSeconds(-3)).toBe('0 s');
});

describe('how long ago something was', () => {
  const then = '2026-03-01T12:00:00.000Z';
  const when = (seconds: number) => formatAgo(then, Date.parse(then) + seconds * 1000);

  test('is told in one unit', () => {
    expect(when(7)).toBe('7 s ago');
    expect(when(190)).toBe('3 min ago');
    expect(when(7300)).toBe('2 h ago');
    expect(when(3 * 86_400)).toBe('3 d ago');
  });

  test('is now where the clock of the server is ahead of ours', () => {
    expect(when(-60)).toBe('just now');
  });

  test('is a date beyond a week', () => {
    expect(when(8 * 86_400)).toBe('1 Mar 2026');
    expect(formatDay('2026-03-01')).toBe('1 Mar 2026');
  });
});

test('the time of an event is shown in UTC, wherever the reader is', () => {
  expect(formatExactUtc('2024-03-03T23:30:00-05:00')).toBe('4 Mar 2024, 04:30:00');
});
