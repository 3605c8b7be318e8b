import { type SQL, sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import { addToDays, addToUsers, preferIndexes } from './add-to-totals.ts';

/** Of how many rows one step chooses: a flood of tiny loads leaves many with next to nothing in them. */
const MOST_ROWS = 1000;

/**
 * Adds the oldest deltas to the totals and deletes them, so that the views show the same before and after. The lock of the totals must be
 * held. `entries`: of about so many users, and so many customers of days; whole rows, and at least one. Answers with how many rows of
 * deltas it has folded: with none there is nothing left that this transaction sees.
 */
export async function foldDeltas(transaction: Queryable, entries: number | 'all'): Promise<number> {
  await preferIndexes(transaction);
  const { rows } = await transaction.execute<{ users: string[]; days: string[] }>(sql`
    select array(${oldest(sql`user_deltas where not is_removal`, entries)}) as users,
           array(${oldest(sql`purchase_day_deltas`, entries)}) as days`);
  const users = rows[0]?.users ?? [];
  const days = rows[0]?.days ?? [];
  if (users.length > 0) await foldUsers(transaction, users);
  if (days.length > 0) await foldDays(transaction, days);
  return users.length + days.length;
}

async function foldUsers(transaction: Queryable, deltaIds: readonly string[]): Promise<void> {
  const folded = sql`folded as (delete from user_deltas where delta_id = any(${ids(deltaIds)}) returning *),`;
  await addToUsers(transaction, summedUsers(sql`folded`), folded);
}

async function foldDays(transaction: Queryable, deltaIds: readonly string[]): Promise<void> {
  const folded = sql`folded as (delete from purchase_day_deltas where delta_id = any(${ids(deltaIds)}) returning *),`;
  await addToDays(
    transaction,
    {
      sums: sql`select purchase_date, sum(purchases)::bigint as purchases, sum(revenue_cents)::bigint as revenue_cents
                  from folded group by purchase_date`,
      customers: sql`
        select purchase_date, user_id, sum(bought)::bigint as purchases
          from folded cross join unnest(user_ids, user_purchases) as customer (user_id, bought)
         group by purchase_date, user_id having sum(bought) <> 0`,
    },
    folded,
  );
}

/** Rows of `user_deltas` as one row a user. */
export function summedUsers(rows: SQL): SQL {
  return sql`
    select user_id, sum(part.total_events)::bigint as total_events, sum(part.views)::bigint as views,
           sum(part.purchases)::bigint as purchases, sum(part.cart_adds)::bigint as cart_adds,
           sum(part.spent_cents)::bigint as spent_cents, max(part.last_activity) as last_activity
      from ${rows} as delta
     cross join unnest(delta.user_ids, delta.total_events, delta.views, delta.purchases, delta.cart_adds, delta.spent_cents,
                       delta.last_activity)
                as part (user_id, total_events, views, purchases, cart_adds, spent_cents, last_activity)
     group by user_id`;
}

function oldest(rows: SQL, entries: number | 'all'): SQL {
  if (entries === 'all') return sql`select delta_id from ${rows}`;
  return sql`
    select delta_id
      from (select delta_id, sum(entries) over (order by delta_id) - entries as before
              from (select delta_id, entries from ${rows} order by delta_id limit ${MOST_ROWS}) as first) as summed
     where before < ${entries}`;
}

function ids(deltaIds: readonly string[]): SQL {
  return sql`${sql.param(deltaIds)}::bigint[]`;
}
