import { WrongResultError } from './ledger.mjs';

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
};

/**
 * Holds both views against the events, each in one statement and so in one snapshot.
 * @throws WrongResultError
 */
export async function verifyViews(ledger) {
  for (const [view, query] of Object.entries(RECOMPUTED)) {
    const [{ rows, example }] = await ledger.rows(
      `select count(*)::int as rows, min(difference) as example
         from ((select 'only in the view: ' || shown::text as difference
                  from (select shown::text from ${view} as shown except all select told::text from (${query}) as told) as side (shown))
               union all
               (select 'only in the events: ' || told::text
                  from (select told::text from (${query}) as told except all select shown::text from ${view} as shown) as side (told))
              ) as differences`,
    );
    if (rows > 0) throw new WrongResultError(`${view} differs from its events in ${rows} rows, ${example}`);
  }
}
