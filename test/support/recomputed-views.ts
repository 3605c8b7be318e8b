import type { TestDatabase } from './postgres.ts';

/** What the views are defined to show, from the events alone. */
const RECOMPUTED = {
  purchase_analytics: `
    select (event_timestamp at time zone 'UTC')::date as purchase_date, count(*) as total_purchases,
           sum(product_price) as total_revenue, round(avg(product_price), 2) as avg_order_value,
           count(distinct user_id) as unique_customers
      from user_events where event_type = 'purchase' group by 1`,
  user_activity_summary: `
    select user_id, count(*) as total_events, count(*) filter (where event_type = 'view') as views,
           count(*) filter (where event_type = 'purchase') as purchases,
           count(*) filter (where event_type = 'add_to_cart') as cart_adds,
           coalesce(sum(product_price) filter (where event_type = 'purchase'), 0.00) as total_spent,
           max(event_timestamp) as last_activity
      from user_events group by user_id`,
} as const;

/**
 * Rows in which a view differs from what the events say, both read in one statement and so in one snapshot; as text, so that 1.5 is
 * not 1.50.
 */
export async function viewDifferences(database: Pick<TestDatabase, 'query'>): Promise<string[]> {
  const sides = Object.entries(RECOMPUTED).map(
    ([view, query]) => `
      (select '${view} has ' || shown::text as difference
         from (select shown::text from ${view} as shown except all select told::text from (${query}) as told) as surplus (shown))
      union all
      (select '${view} lacks ' || told::text
         from (select told::text from (${query}) as told except all select shown::text from ${view} as shown) as missing (told))`,
  );
  const rows = await database.query<{ difference: string }>(sides.join(' union all '));
  return rows.map(({ difference }) => difference);
}
