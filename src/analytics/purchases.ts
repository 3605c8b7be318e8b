import { and, desc, gte, lt, lte, type SQL, sql } from 'drizzle-orm';
import type { Queryable } from '../database/client.ts';
import { purchaseAnalytics, purchaseDayTotals } from '../database/schema.ts';

export type PurchaseDay = typeof purchaseAnalytics.$inferSelect;

/** Days from YYYY-MM-DD to YYYY-MM-DD, both inclusive. */
export interface DaySpan {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export interface PurchasePage extends DaySpan {
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Purchases per day (UTC), newest first. */
export async function listPurchases(database: Queryable, page: PurchasePage): Promise<PurchaseDay[]> {
  return await selectPurchases(database, page);
}

/**
 * The statement of `listPurchases`. The view adds up every day that it is asked for before it gives the first, so the page is bounded
 * at its far end, too: by the day that would be its last if there were none but in the totals. A day among the deltas can only
 * make it end earlier.
 */
export function selectPurchases(database: Queryable, { from, to, before, limit }: PurchasePage) {
  const { purchaseDate } = purchaseAnalytics;
  const total = purchaseDayTotals.purchaseDate;
  const last = database
    .select({ purchaseDate: total })
    .from(purchaseDayTotals)
    .where(and(to === undefined ? undefined : lte(total, to), before === undefined ? undefined : lt(total, before)))
    .orderBy(desc(total))
    .offset(limit - 1)
    .limit(1);
  return database
    .select()
    .from(purchaseAnalytics)
    .where(
      and(
        within({ from, to }),
        before === undefined ? undefined : lt(purchaseDate, before),
        gte(purchaseDate, sql`coalesce(${last}, '-infinity')`),
      ),
    )
    .orderBy(desc(purchaseDate))
    .limit(limit);
}

/** The statement for all days, in the order of `listPurchases`. */
export function selectAllPurchases(database: Queryable, span: DaySpan) {
  return database.select().from(purchaseAnalytics).where(within(span)).orderBy(desc(purchaseAnalytics.purchaseDate));
}

function within({ from, to }: DaySpan): SQL | undefined {
  const { purchaseDate } = purchaseAnalytics;
  return and(
    from === undefined ? undefined : gte(purchaseDate, from),
    to === undefined ? undefined : lte(purchaseDate, to),
  );
}
