import { and, desc, gte, lt, lte } from 'drizzle-orm';
import type { Queryable } from '../database/client.ts';
import { purchaseAnalytics } from '../database/schema.ts';

export type PurchaseDay = typeof purchaseAnalytics.$inferSelect;

/** Purchases per day (UTC), newest first; `from` and `to` (YYYY-MM-DD) are inclusive. */
export async function listPurchases(
  database: Queryable,
  query: {
    readonly from?: string | undefined;
    readonly to?: string | undefined;
    readonly before?: string | undefined;
    readonly limit: number;
  },
): Promise<PurchaseDay[]> {
  const { purchaseDate } = purchaseAnalytics;
  return await database
    .select()
    .from(purchaseAnalytics)
    .where(
      and(
        query.from === undefined ? undefined : gte(purchaseDate, query.from),
        query.to === undefined ? undefined : lte(purchaseDate, query.to),
        query.before === undefined ? undefined : lt(purchaseDate, query.before),
      ),
    )
    .orderBy(desc(purchaseDate))
    .limit(query.limit);
}
