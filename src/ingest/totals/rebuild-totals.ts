import { sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import { lastAsLongAsNeeded } from '../../database/long-transaction.ts';
import { inTransaction } from '../../database/transaction.ts';
import { lockTotals } from './add-to-totals.ts';

/**
 * Makes the totals anew from the events, for rows that another writer than Sluice has put into `user_events` or taken out of it: nothing else
 * counts those. In one transaction, during which nobody else can write events; the views show what they did until it is committed.
 * `database` is a connection of its own: it lasts as long as there are rows.
 */
export async function rebuildTotals(database: Queryable): Promise<void> {
  await inTransaction(database, async (transaction) => {
    await lastAsLongAsNeeded(transaction);
    // In this order: whoever takes rows out has locked the table when it waits for the totals. And whoever leaves deltas has, too, so
    // when the lock is there all of them are to be seen.
    await transaction.execute(sql`lock table user_events in share mode`);
    await lockTotals(transaction);
    // Not TRUNCATE, which would make whoever looks at the views wait, and older snapshots see nothing.
    for (const table of [
      'user_deltas',
      'purchase_day_deltas',
      'user_totals',
      'purchase_day_customers',
      'purchase_day_totals',
    ]) {
      await transaction.execute(sql`delete from ${sql.identifier(table)}`);
    }
    await transaction.execute(sql`
      insert into user_totals (user_id, total_events, views, purchases, cart_adds, spent_cents, last_activity)
      select user_id, count(*), count(*) filter (where event_type = 'view'), count(*) filter (where event_type = 'purchase'),
             count(*) filter (where event_type = 'add_to_cart'),
             coalesce(sum(product_price * 100) filter (where event_type = 'purchase'), 0), max(event_timestamp)
        from user_events group by user_id order by user_id`);
    await transaction.execute(sql`
      with customers as materialized (
        select (event_timestamp at time zone 'UTC')::date as purchase_date, user_id, count(*) as purchases,
               sum(product_price * 100) as revenue_cents
          from user_events where event_type = 'purchase' group by 1, 2
      ), added as (
        insert into purchase_day_customers (purchase_date, user_id, purchases)
        select purchase_date, user_id, purchases from customers order by 1, 2
      )
      insert into purchase_day_totals (purchase_date, purchases, revenue_cents, customers)
      select purchase_date, sum(purchases), sum(revenue_cents), count(*) from customers group by 1 order by 1`);
  });
}
