import type { PurchaseDay } from '../../api/reply-types.ts';

/** About 27 years; more points than any screen has. */
export const MOST_DAYS = 10_000;
export const DAY_MS = 86_400_000;

/** A plot that left them out would draw a quiet week as if it had not been. */
export function withEmptyDays(days: readonly PurchaseDay[]): readonly PurchaseDay[] {
  const [first] = days;
  const last = days.at(-1);
  if (first === undefined || last === undefined) return days;
  // One wrong year among the dates would make millions of days.
  if (dayNumber(last) - dayNumber(first) >= MOST_DAYS) return days;
  const filled: PurchaseDay[] = [];
  for (const day of days) {
    const before = filled.at(-1);
    for (
      let number = before === undefined ? dayNumber(day) : dayNumber(before) + 1;
      number < dayNumber(day);
      number += 1
    ) {
      filled.push(emptyDay(new Date(number * DAY_MS).toISOString().slice(0, 10)));
    }
    filled.push(day);
  }
  return filled;
}

/** Days since 1970. */
export const dayNumber = ({ purchaseDate }: PurchaseDay): number => Date.parse(`${purchaseDate}T00:00:00Z`) / DAY_MS;

const emptyDay = (purchaseDate: string): PurchaseDay => ({
  purchaseDate,
  totalPurchases: 0,
  totalRevenue: '0.00',
  avgOrderValue: '0.00',
  uniqueCustomers: 0,
});
