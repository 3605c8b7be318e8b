import { sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import { addToDays, addToUsers, preferIndexes, tryLockTotals } from './add-to-totals.ts';
import type { BatchTotals } from './batch-totals.ts';
import { addedDays, addedUsers, USERS_PER_PART } from './delta-arrays.ts';

/** What it takes to bring one user, or one customer of a day, up to date in the totals: measured, ADR 0013. */
const ENTRY_MS = 0.025;
/** A load may be slower for it by that much of its time, and a short one by that many milliseconds. */
const MOST_SHARE = 0.25;
const ALWAYS_MS = 10;

/**
 * Brings what a batch adds up into the transaction that makes its rows visible. Into the totals themselves, where that is cheap and
 * nobody else is at them; then the views have nothing to add up. Else as deltas, which cost less, and which the folder adds to the
 * totals later. It never waits for anybody. `loadingMs`: for how long the transaction has been loading.
 */
export async function countBatch(transaction: Queryable, totals: BatchTotals, loadingMs: number): Promise<void> {
  if (totals.entries === 0) return;
  const isCheap = totals.entries * ENTRY_MS <= Math.max(ALWAYS_MS, loadingMs * MOST_SHARE);
  if (isCheap && (await tryLockTotals(transaction))) await addBatch(transaction, totals);
  else await leaveDeltas(transaction, totals);
}

/** Adds a batch to the totals; the lock of the totals must be held. */
export async function addBatch(transaction: Queryable, totals: BatchTotals): Promise<void> {
  await preferIndexes(transaction);
  for (const arrays of addedUsers(totals)) {
    await addToUsers(
      transaction,
      sql`select * from unnest(${arrays})
            as added (user_id, total_events, views, purchases, cart_adds, spent_cents, last_activity)`,
    );
  }
  if (totals.days.size === 0) return;
  const { sums, customers } = addedDays(totals);
  await addToDays(transaction, {
    sums: sql`select * from unnest(${sums}) as day (purchase_date, purchases, revenue_cents)`,
    customers: sql`select * from unnest(${customers}) as customer (purchase_date, user_id, purchases)`,
  });
}

/** Writes down what a batch adds up, for the views to add to the totals, and for the folder. */
export async function leaveDeltas(transaction: Queryable, totals: BatchTotals): Promise<void> {
  for (const arrays of addedUsers(totals)) {
    await transaction.execute(sql`
      insert into user_deltas (user_ids, total_events, views, purchases, cart_adds, spent_cents, last_activity) values (${arrays})`);
  }
  if (totals.days.size === 0) return;
  const { sums, customers } = addedDays(totals);
  // Each row has the purchases of its own customers, so that a day of which some are folded adds up; its revenue stands in the first.
  await transaction.execute(sql`
    insert into purchase_day_deltas (purchase_date, purchases, revenue_cents, user_ids, user_purchases)
    select purchase_date, customers.purchases, case part when 0 then day.revenue_cents else 0 end,
           customers.user_ids, customers.user_purchases
      from unnest(${sums}) as day (purchase_date, purchases, revenue_cents)
      join (select purchase_date, part, sum(purchases) as purchases, array_agg(user_id) as user_ids,
                   array_agg(purchases) as user_purchases
              from (select *, (row_number() over (partition by purchase_date) - 1) / ${USERS_PER_PART}::bigint as part
                      from unnest(${customers}) as customer (purchase_date, user_id, purchases)) as numbered
             group by purchase_date, part) as customers using (purchase_date)`);
}
