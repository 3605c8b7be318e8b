import { type SQL, sql } from 'drizzle-orm';
import type { Queryable } from '../../database/client.ts';

/** Arbitrary but fixed: «sluicetot» without its l, as ASCII. */
export const TOTALS_LOCK = 0x7375696365746f74n;

/**
 * Who holds it until the end of its transaction is the only one who writes the totals, so that no two ever wait for a row of them,
 * or for each other. It is the last lock that a transaction takes. False: somebody else has it at the moment.
 */
export async function tryLockTotals(transaction: Queryable): Promise<boolean> {
  const { rows } = await transaction.execute<{ locked: boolean }>(
    sql`select pg_try_advisory_xact_lock(${TOTALS_LOCK}) as locked`,
  );
  return rows[0]?.locked === true;
}

/**
 * The same, waiting for whoever has it: a step of the folder, or a removal that lasts. Written as what `LoadConnection` takes for a
 * statement that may last.
 * @throws a lock timeout
 */
export async function lockTotals(transaction: Queryable): Promise<void> {
  await transaction.execute(
    sql`with waited as materialized (select pg_advisory_xact_lock(${TOTALS_LOCK})) select count(*) from waited`,
  );
}

/**
 * Looking up ten thousand users in an index takes less than reading millions to hash them, whatever the planner expects of an
 * array. For this transaction.
 */
export async function preferIndexes(transaction: Queryable): Promise<void> {
  await transaction.execute(
    sql`select set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`,
  );
}

/** `added`: a query of user_id, total_events, views, purchases, cart_adds, spent_cents, last_activity, each user once. */
export async function addToUsers(transaction: Queryable, added: SQL, prefix = sql``): Promise<void> {
  await transaction.execute(sql`
    with ${prefix} added as materialized (${added}),
    grown as (
      update user_totals as total
         set total_events = total.total_events + added.total_events,
             views = total.views + added.views,
             purchases = total.purchases + added.purchases,
             cart_adds = total.cart_adds + added.cart_adds,
             spent_cents = total.spent_cents + added.spent_cents,
             last_activity = greatest(total.last_activity, added.last_activity)
        from added where total.user_id = added.user_id
      returning total.user_id
    )
    insert into user_totals (user_id, total_events, views, purchases, cart_adds, spent_cents, last_activity)
    select user_id, total_events, views, purchases, cart_adds, spent_cents, last_activity
      from added where user_id not in (select user_id from grown)`);
}

/**
 * `sums`: a query of purchase_date, purchases, revenue_cents, each day once; `customers`: one of purchase_date, user_id, purchases, each
 * of them once. Counts below zero take away, and who is left with none is no customer of that day any more.
 */
export async function addToDays(
  transaction: Queryable,
  { sums, customers }: { readonly sums: SQL; readonly customers: SQL },
  prefix = sql``,
): Promise<void> {
  await transaction.execute(sql`
    with ${prefix} sums as materialized (${sums}),
    added as materialized (${customers}),
    gone as (
      delete from purchase_day_customers as known using added
       where added.purchases < 0 and known.purchase_date = added.purchase_date and known.user_id = added.user_id
         and known.purchases + added.purchases = 0
      returning known.purchase_date
    ),
    grown as (
      update purchase_day_customers as known
         set purchases = known.purchases + added.purchases
        from added
       where known.purchase_date = added.purchase_date and known.user_id = added.user_id
         and known.purchases + added.purchases <> 0
      returning known.purchase_date, known.user_id
    ),
    come as (
      insert into purchase_day_customers (purchase_date, user_id, purchases)
      select purchase_date, user_id, purchases from added
       where purchases > 0 and (purchase_date, user_id) not in (select purchase_date, user_id from grown)
      returning purchase_date
    ),
    changed as (
      select purchase_date, sum(purchases) as purchases, sum(revenue_cents) as revenue_cents, sum(customers) as customers
        from (select purchase_date, purchases, revenue_cents, 0 as customers from sums
              union all select purchase_date, 0, 0, 1 from come
              union all select purchase_date, 0, 0, -1 from gone) as part
       group by purchase_date
    )
    insert into purchase_day_totals as total (purchase_date, purchases, revenue_cents, customers)
    select purchase_date, purchases, revenue_cents, customers from changed
    on conflict (purchase_date) do update
       set purchases = total.purchases + excluded.purchases,
           revenue_cents = total.revenue_cents + excluded.revenue_cents,
           customers = total.customers + excluded.customers`);
}
