import type { PurchaseDay } from '../../api/reply-types.ts';
import { formatDay } from '../../format/moments.ts';
import { DAY_MS } from './empty-days.ts';

/** So many days, or whatever there is. */
export const RANGES = ['30', '90', '365', 'all'] as const;
export type Range = (typeof RANGES)[number];

/** Tomorrow in UTC, as YYYY-MM-DD: nowhere is it later than that. */
export const lastDay = (now: number): string => new Date(now + DAY_MS).toISOString().slice(0, 10);

/** Which days are shown, oldest first. */
export function periodInWords(days: readonly PurchaseDay[], range: Range): string {
  const from = formatDay(days[0]?.purchaseDate ?? '');
  const to = formatDay(days.at(-1)?.purchaseDate ?? '');
  return range === 'all'
    ? `All days from ${from} to ${to} (UTC).`
    : `The ${range} days up to ${to} (UTC), the last one with purchases.`;
}
