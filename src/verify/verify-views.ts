import { sql } from 'drizzle-orm';
import type { Queryable } from '../database/client.ts';
import { type Comparison, compareRows } from './compare-rows.ts';
import type { DifferenceGroup } from './difference.ts';

export interface VerifiedViews {
  readonly users: number;
  readonly days: number;
  readonly groups: readonly DifferenceGroup[];
}

const DAY = sql`(event_timestamp at time zone 'UTC')::date`;

const USERS: Comparison = {
  what: 'user_activity_summary',
  key: ['user_id'],
  columns: ['total_events', 'views', 'purchases', 'cart_adds', 'total_spent', 'last_activity', 'times'],
  expected: sql`
    select user_id, count(*) as total_events, count(*) filter (where event_type = 'view') as views,
           count(*) filter (where event_type = 'purchase') as purchases,
           count(*) filter (where event_type = 'add_to_cart') as cart_adds,
           coalesce(sum(product_price) filter (where event_type = 'purchase'), 0.00)::text as total_spent,
           max(event_timestamp) as last_activity, 1::bigint as times
      from user_events group by user_id`,
  found: sql`
    select user_id, total_events, views, purchases, cart_adds, total_spent::text as total_spent, last_activity, count(*) as times
      from user_activity_summary group by 1, 2, 3, 4, 5, 6, 7`,
};

const DAYS: Comparison = {
  what: 'purchase_analytics',
  key: ['purchase_date'],
  columns: ['total_purchases', 'total_revenue', 'avg_order_value', 'unique_customers', 'times'],
  expected: sql`
    select purchase_date, sum(purchases)::bigint as total_purchases, sum(revenue)::text as total_revenue,
           round(sum(revenue) / sum(purchases), 2)::text as avg_order_value, count(*) as unique_customers, 1::bigint as times
      from (select ${DAY} as purchase_date, user_id, count(*) as purchases, sum(product_price) as revenue
              from user_events where event_type = 'purchase' group by 1, 2) as customer
     group by purchase_date`,
  found: sql`
    select purchase_date, total_purchases, total_revenue::text as total_revenue, avg_order_value::text as avg_order_value,
           unique_customers, count(*) as times
      from purchase_analytics group by 1, 2, 3, 4, 5`,
};

/** By it a customer of a day stops being one when all that they bought is undone: a wrong number shows in no view before. */
const CUSTOMERS: Comparison = {
  what: 'purchase_day_customers with purchase_day_deltas',
  key: ['purchase_date', 'user_id'],
  columns: ['purchases'],
  expected: sql`
    select ${DAY} as purchase_date, user_id::text as user_id, count(*) as purchases
      from user_events where event_type = 'purchase' group by 1, 2`,
  found: sql`
    select purchase_date, user_id, sum(purchases)::bigint as purchases
      from (select purchase_date, user_id::text as user_id, purchases from purchase_day_customers
            union all
            select delta.purchase_date, customer.user_id, customer.purchases
              from purchase_day_deltas as delta
             cross join unnest(delta.user_ids, delta.user_purchases) as customer (user_id, purchases)) as part
     group by purchase_date, user_id`,
};

const DAY_TOTALS: Comparison = {
  what: 'purchase_day_totals by purchase_day_customers',
  key: ['purchase_date'],
  columns: ['purchases', 'customers'],
  expected: sql`
    select purchase_date, sum(purchases)::bigint as purchases, count(*) as customers
      from purchase_day_customers group by purchase_date`,
  found: sql`select purchase_date, purchases, customers from purchase_day_totals`,
};

/** They are folded before the commit of those who take rows out. */
const REMOVALS: Comparison = {
  what: 'removals left in user_deltas',
  key: ['delta_id'],
  columns: ['is_removal'],
  expected: sql`select delta_id, is_removal from user_deltas where false`,
  found: sql`select delta_id, is_removal from user_deltas where is_removal`,
};

/** Whether both views, and the totals that they are made of, are what the events add up to. `connection` is in a snapshot. */
export async function verifyViews(connection: Queryable): Promise<VerifiedViews> {
  const groups: DifferenceGroup[] = [];
  for (const comparison of [USERS, DAYS, CUSTOMERS, DAY_TOTALS, REMOVALS]) {
    groups.push(...(await compareRows(connection, comparison)));
  }
  const { rows } = await connection.execute<{ users: number; days: number }>(sql`
    select (select count(*) from user_activity_summary)::float8 as users,
           (select count(*) from purchase_analytics)::float8 as days`);
  return { users: rows[0]?.users ?? 0, days: rows[0]?.days ?? 0, groups };
}
