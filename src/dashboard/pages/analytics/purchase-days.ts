import { callJson } from '../../api/client.ts';
import type { Page, PurchaseDay } from '../../api/reply-types.ts';
import { dayNumber, MOST_DAYS, withEmptyDays } from './empty-days.ts';
import { lastDay, type Range } from './range.ts';

export interface PurchaseDays {
  /** oldest first; days between them on which nothing was bought are there with zeros, unless they are far apart */
  readonly days: readonly PurchaseDay[];
  /** whether there are older ones than could be read */
  readonly isCut: boolean;
  /** whether there are days of the future that are left out */
  readonly hasFuture: boolean;
}

const NONE: PurchaseDays = { days: [], isCut: false, hasFuture: false };
const PAGE_DAYS = 1000;

/**
 * Reads purchases per day, up to the last day that has any: data of last year are as good to look at as today's. One event
 * with a mistyped year must not hide all others, so a range ends today, unless all purchases are of the future.
 */
export async function readPurchaseDays(range: Range, signal: AbortSignal): Promise<PurchaseDays> {
  if (range === 'all') return await readAllDays(signal);
  const limit = Number(range);
  const last = lastDay(Date.now());
  let { data } = await readPage(signal, { limit });
  const isOfFuture = data[0] !== undefined && data[0].purchaseDate > last;
  const past = isOfFuture ? (await readPage(signal, { limit, to: last })).data : [];
  if (past.length > 0) data = past;
  const [newest] = data;
  if (newest === undefined) return NONE;
  const first = dayNumber(newest) - limit + 1;
  const days = withEmptyDays(data.filter((day) => dayNumber(day) >= first).reverse());
  return { days, isCut: false, hasFuture: past.length > 0 };
}

async function readAllDays(signal: AbortSignal): Promise<PurchaseDays> {
  const days: PurchaseDay[] = [];
  let cursor: string | undefined;
  do {
    const page = await readPage(signal, { limit: PAGE_DAYS, cursor });
    days.push(...page.data);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && days.length < MOST_DAYS);
  return { days: withEmptyDays(days.reverse()), isCut: cursor !== undefined, hasFuture: false };
}

function readPage(
  signal: AbortSignal,
  query: { readonly limit: number; readonly cursor?: string | undefined; readonly to?: string },
): Promise<Page<PurchaseDay>> {
  return callJson('analytics/purchases', { query, signal });
}
