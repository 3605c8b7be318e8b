import { describe, expect, test } from 'vitest';
import { ratePerSecond, type Sample, secondsLeft, withSample } from '../../../src/dashboard/uploads/rate.ts';

const when = (samples: readonly Sample[]) => samples.reduce<readonly Sample[]>(withSample, []);
const steady = (seconds: number, perSecond: number) =>
  when(Array.from({ length: seconds * 10 + 1 }, (_, tick) => ({ at: tick * 100, value: (tick * perSecond) / 10 })));

describe('the rate of something that goes on', () => {
  test('is not told from a moment', () => {
    expect(ratePerSecond([])).toBeUndefined();
    expect(ratePerSecond(steady(0, 50))).toBeUndefined();
    expect(
      ratePerSecond(
        when([
          { at: 0, value: 0 },
          { at: 100, value: 9000 },
        ]),
      ),
    ).toBeUndefined();
  });

  test('is that of the last seconds only', () => {
    expect(ratePerSecond(steady(2, 50))).toBeCloseTo(50);
    const slowed = [...steady(20, 1000)];
    for (let second = 1; second <= 8; second += 1) {
      slowed.push({ at: 20_000 + second * 1000, value: 20_000 + second * 10 });
    }
    expect(ratePerSecond(when(slowed))).toBeCloseTo(10);
  });

  test('falls to nothing where it stands still', () => {
    const samples = when([...steady(2, 50), { at: 12_000, value: 100 }, { at: 18_000, value: 100 }]);
    expect(ratePerSecond(samples)).toBe(0);
    expect(secondsLeft(samples, 200)).toBeUndefined();
  });

  test('begins anew where the count has gone back', () => {
    expect(when([...steady(2, 50), { at: 2100, value: 0 }])).toEqual([{ at: 2100, value: 0 }]);
  });

  test('keeps few samples, however many come', () => {
    const flood = when(Array.from({ length: 100_000 }, (_, tick) => ({ at: tick, value: tick * 3 })));
    expect(flood.length).toBeLessThan(70);
    expect(ratePerSecond(flood)).toBeCloseTo(3000, -1);
  });
});

test('the time left is what is missing by the rate, and never negative', () => {
  expect(secondsLeft(steady(2, 50), 200)).toBeCloseTo(2);
  expect(secondsLeft(steady(2, 50), 50)).toBe(0);
  expect(secondsLeft([], 50)).toBeUndefined();
});
