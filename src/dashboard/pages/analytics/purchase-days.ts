import { callJson } from '../../api/client.ts';
import type { Page, PurchaseDay } from '../../api/reply-types.ts';
import { dayNumber, MOST_DAYS, withEmptyDays } from './empty-days.ts';

export const RANGES = ['30', '90', '365', 'all'] as const;
export type Range = (typeof RANGES)[number];

export interface PurchaseDays {
  /** oldest first; days between them on which nothing was bought are there with zeros, unless they are far apart */
  readonly days: readonly PurchaseDay[];
  /** whether there are older ones than could be read */
  readonly isCut: boolean;
}

const PAGE_DAYS = 1000;

/** Reads purchases per day, up to the last day that has any: data of last year are as good to look at as today's. */
export async function readPurchaseDays(range: Range, signal: AbortSignal): Promise<PurchaseDays> {
  if (range !== 'all') {
    const wanted = Number(range);
    const { data } = await readPage(signal, { limit: wanted });
    const [newest] = data;
    if (newest === undefined) return { days: [], isCut: false };
    const first = dayNumber(newest) - wanted + 1;
    return { days: withEmptyDays(data.filter((day) => dayNumber(day) >= first).reverse()), isCut: false };
  }
  const days: PurchaseDay[] = [];
  let cursor: string | undefined;
  do {
    const page = await readPage(signal, { limit: PAGE_DAYS, cursor });
    days.push(...page.data);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && days.length < MOST_DAYS);
  return { days: withEmptyDays(days.reverse()), isCut: cursor !== undefined };
}

function readPage(
  signal: AbortSignal,
  query: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Page<PurchaseDay>> {
  return callJson('analytics/purchases', { query, signal });
}
