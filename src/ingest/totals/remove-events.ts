import { type SQL, sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';
import { lockTotals } from './add-to-totals.ts';
import { USERS_PER_PART } from './delta-arrays.ts';
import { foldDeltas, summedUsers } from './fold-deltas.ts';

/** How many events were removed, and of which files; null: of a writer that is not Sluice. */
export interface RemovedEvents {
  readonly rows: number;
  readonly ofFiles: readonly { readonly fileId: number | null; readonly rows: number }[];
}

/**
 * Deletes events, and writes down what that takes from the totals. Whoever calls it calls `settleRemovals` as the last thing before the
 * commit. In rows of a few thousand users, since an array of all customers of a giant might be larger than a value may be. `which`: a condition
 * on `user_events`.
 */
export async function removeEvents(transaction: Queryable, which: SQL): Promise<RemovedEvents> {
  const { rows: ofFiles } = await transaction.execute<{ fileId: number | null; rows: number }>(sql`
    with removed as (
      delete from user_events where ${which} returning user_id, event_type, event_timestamp, product_price, file_id
    ),
    users as (
      select user_id, -count(*)::integer as total_events,
             -(count(*) filter (where event_type = 'view'))::integer as views,
             -(count(*) filter (where event_type = 'purchase'))::integer as purchases,
             -(count(*) filter (where event_type = 'add_to_cart'))::integer as cart_adds,
             -coalesce(sum(product_price * 100) filter (where event_type = 'purchase'), 0)::bigint as spent_cents,
             max(event_timestamp) as last_activity, row_number() over () / ${USERS_PER_PART}::bigint as part
        from removed group by user_id
    ),
    customers as (
      select (event_timestamp at time zone 'UTC')::date as purchase_date, user_id, -count(*)::integer as purchases,
             -sum(product_price * 100)::bigint as revenue_cents,
             row_number() over (partition by (event_timestamp at time zone 'UTC')::date) / ${USERS_PER_PART}::bigint as part
        from removed where event_type = 'purchase' group by 1, 2
    ),
    of_users as (
      insert into user_deltas (user_ids, total_events, views, purchases, cart_adds, spent_cents, last_activity, is_removal)
      select array_agg(user_id), array_agg(total_events), array_agg(views), array_agg(purchases), array_agg(cart_adds),
             array_agg(spent_cents), array_agg(last_activity), true
        from users group by part
    ),
    of_days as (
      insert into purchase_day_deltas (purchase_date, purchases, revenue_cents, user_ids, user_purchases)
      select purchase_date, sum(purchases), sum(revenue_cents), array_agg(user_id), array_agg(purchases)
        from customers group by purchase_date, part
    )
    select file_id::float8 as "fileId", count(*)::float8 as rows from removed group by file_id`);
  return { rows: ofFiles.reduce((sum, { rows }) => sum + rows, 0), ofFiles };
}

/**
 * Takes from the totals what `removeEvents` has written down in this transaction. It waits for the lock of the totals, and that is the last
 * lock that the transaction takes, so nobody waits for it in turn. `addOwn` adds what the same transaction has loaded. False where
 * no event was removed: then the lock is not held, and nothing is done.
 * @throws a lock timeout
 */
export async function settleRemovals(transaction: Queryable, addOwn?: () => Promise<void>): Promise<boolean> {
  const { rows } = await transaction.execute<{ some: boolean }>(
    sql`select exists (select from user_deltas where is_removal) as some`,
  );
  if (rows[0]?.some !== true) return false;
  await lockTotals(transaction);
  // Before anything is taken away: what is taken may not have been added yet.
  await foldDeltas(transaction, 'all');
  await takeFromUsers(transaction);
  await addOwn?.();
  await findLastActivity(transaction);
  await transaction.execute(sql`delete from user_deltas where is_removal`);
  await transaction.execute(sql`delete from purchase_day_totals where purchases = 0`);
  return true;
}

/** Whose latest event is among the removed has none that is known; a user without events is none. */
async function takeFromUsers(transaction: Queryable): Promise<void> {
  await transaction.execute(sql`
    with taken as materialized (${removedUsers()}),
    gone as (
      delete from user_totals as total using taken
       where total.user_id = taken.user_id and total.total_events + taken.total_events = 0
    )
    update user_totals as total
       set total_events = total.total_events + taken.total_events,
           views = total.views + taken.views,
           purchases = total.purchases + taken.purchases,
           cart_adds = total.cart_adds + taken.cart_adds,
           spent_cents = total.spent_cents + taken.spent_cents,
           last_activity = case when total.last_activity > taken.last_activity then total.last_activity else '-infinity' end
      from taken where total.user_id = taken.user_id and total.total_events + taken.total_events <> 0`);
}

/** The one thing that can't be taken away by counting: it is looked up among the events that are left, in one pass for all users. */
async function findLastActivity(transaction: Queryable): Promise<void> {
  await transaction.execute(
    sql`select set_config('enable_hashjoin', 'on', true), set_config('enable_mergejoin', 'on', true)`,
  );
  const unknown = sql`
    select total.user_id, taken.last_activity as before
      from (${removedUsers()}) as taken join user_totals as total on total.user_id = taken.user_id
     where total.last_activity < taken.last_activity`;
  const { rows } = await transaction.execute<{ some: boolean }>(
    sql`with unknown as materialized (${unknown}) select exists (select from unknown) as some`,
  );
  if (rows[0]?.some !== true) return;
  await transaction.execute(sql`
    with unknown as materialized (${unknown}),
    latest as materialized (
      select user_id, max(event_timestamp) as last_activity
        from user_events
       where event_timestamp <= (select max(before) from unknown) and user_id in (select user_id from unknown)
       group by user_id
    )
    update user_totals as total
       set last_activity = latest.last_activity
      from latest where total.user_id = latest.user_id and latest.last_activity > total.last_activity`);
}

function removedUsers(): SQL {
  return summedUsers(sql`(select * from user_deltas where is_removal)`);
}
