import { describe, expect, test } from 'vitest';
import { withEmptyDays } from '../../../src/dashboard/pages/analytics/empty-days.ts';
import { moneySum } from '../../../src/dashboard/pages/analytics/money-sum.ts';
import { lastDay, periodInWords } from '../../../src/dashboard/pages/analytics/range.ts';

describe('purchases', () => {
  const day = (purchaseDate: string, totalRevenue = '1.00') => ({
    purchaseDate,
    totalRevenue,
    totalPurchases: 1,
    avgOrderValue: '1.00',
    uniqueCustomers: 1,
  });
  const dates = (days: readonly { purchaseDate: string }[]) => withEmptyDays(days.map((one) => day(one.purchaseDate)));

  test('have a zero on days without any, also over the end of a February', () => {
    const filled = dates([{ purchaseDate: '2024-02-28' }, { purchaseDate: '2024-03-01' }]);
    expect(filled.map(({ purchaseDate, totalPurchases }) => [purchaseDate, totalPurchases])).toEqual([
      ['2024-02-28', 1],
      ['2024-02-29', 0],
      ['2024-03-01', 1],
    ]);
  });

  test('of years that lie far apart do not become millions of days', () => {
    expect(dates([{ purchaseDate: '0001-01-01' }, { purchaseDate: '9999-12-31' }])).toHaveLength(2);
  });

  test('end tomorrow, since it is that somewhere', () => {
    expect(lastDay(Date.parse('2024-02-28T23:59:59Z'))).toBe('2024-02-29');
  });

  test('say which days they are of', () => {
    const days = [day('2024-02-28'), day('2024-03-01')];
    expect(periodInWords(days, '30')).toBe('The 30 days up to 1 Mar 2024 (UTC), the last one with purchases.');
    expect(periodInWords(days, 'all')).toBe('All days from 28 Feb 2024 to 1 Mar 2024 (UTC).');
  });

  test('are summed without the rounding of floats', () => {
    expect(moneySum([])).toBe('0.00');
    expect(moneySum(['0.10', '0.20'])).toBe('0.30');
    expect(moneySum(['9007199254740993.01', '0.01'])).toBe('9007199254740993.02');
  });
});
