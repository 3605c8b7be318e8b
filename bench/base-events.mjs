// The events that are there already when the analytics are asked: made by the server itself, which takes a tenth of the time of a load.

const CHUNK = 1_000_000;
const EVENTS_PER_USER = 10;
const LEAST_USERS = 10_000;
/** A year that ends in the days that the generated files begin with: those are among the newest, and both have rows of the same days. */
const FIRST_DAY = '2023-02-01';
const DAYS = 365;
const TABLES = 'user_events, user_totals, purchase_day_totals, purchase_day_customers';
/** As drizzle/0003_analytics_stay_instant.sql counts what is there when the totals come; which columns, from what, in which order. */
const TOTALS = {
  user_totals: [
    'user_id, total_events, views, purchases, cart_adds, spent_cents, last_activity',
    `select user_id, count(*), count(*) filter (where event_type = 'view'), count(*) filter (where event_type = 'purchase'),
            count(*) filter (where event_type = 'add_to_cart'),
            coalesce(sum(product_price * 100) filter (where event_type = 'purchase'), 0), max(event_timestamp)
       from user_events where file_id is null group by user_id order by user_id`,
  ],
  purchase_day_customers: [
    'purchase_date, user_id, purchases',
    `select (event_timestamp at time zone 'UTC')::date, user_id, count(*)
       from user_events where file_id is null and event_type = 'purchase' group by 1, 2 order by 1, 2`,
  ],
  purchase_day_totals: [
    'purchase_date, purchases, revenue_cents, customers',
    `select (event_timestamp at time zone 'UTC')::date, count(*), sum(product_price * 100), count(distinct user_id)
       from user_events where file_id is null and event_type = 'purchase' group by 1 order by 1`,
  ],
};

/** Events that no file has, so that they have no `file_id`; what files brought can be taken out again beside them. */
export class BaseEvents {
  #ledger;
  #signal;
  #events = 0;

  constructor(ledger, signal) {
    this.#ledger = ledger;
    this.#signal = signal;
  }

  /** Users that so many events are of. */
  static usersOf(events) {
    return Math.max(LEAST_USERS, events / EVENTS_PER_USER);
  }

  /** Adds events until there are so many, by as many users as go with that number, even over users and days. */
  async growTo(events) {
    while (this.#events < events) {
      this.#signal.throwIfAborted();
      const number = Math.min(CHUNK, events - this.#events);
      await this.#ledger.rows(insertEvents(number, BaseEvents.usersOf(events)));
      this.#events += number;
    }
    // With the 4 MB that a session has by default, to group 5 × 10⁷ events takes longer than to make them.
    await this.#ledger.rows("set work_mem = '512MB'");
    for (const [table, [columns, counted]] of Object.entries(TOTALS)) {
      this.#signal.throwIfAborted();
      await this.#ledger.rows(`drop table if exists base_${table}`);
      await this.#ledger.rows(`create temp table base_${table} (${columns}) as ${counted}`);
    }
    await this.#ledger.rows('reset work_mem');
  }

  /** Takes out what files have brought, and lets the totals and the planner know the base alone. */
  async settle() {
    await this.#ledger.rows('delete from user_events where file_id is not null');
    await this.#ledger.truncate(['rejected_rows', 'source_files']);
    await this.#ledger.cleanTotals();
    for (const [table, [columns]] of Object.entries(TOTALS)) {
      this.#signal.throwIfAborted();
      await this.#ledger.rows(`insert into ${table} (${columns}) table base_${table}`);
    }
    await this.#ledger.rows(`vacuum analyze ${TABLES}`);
    await this.#ledger.checkpoint();
  }

  /** Ids of users that have events, by chance. */
  async someUsers(number) {
    const rows = await this.#ledger.rows('select user_id from user_totals order by random() limit $1', [number]);
    return rows.map((row) => row.user_id);
  }
}

/** Shares of the types of events as the shop of the generator has them. */
function insertEvents(number, users) {
  return `
    insert into user_events (user_id, event_type, event_timestamp, product_id, product_name, product_price, session_id)
    select 'U' || case when who < 1000000 then lpad(who::text, 6, '0') else who::text end,
           case when share < 0.70 then 'view' when share < 0.85 then 'add_to_cart'
                when share < 0.90 then 'remove_from_cart' else 'purchase' end::event_type,
           timestamptz '${FIRST_DAY}T00:00:00Z' + moment * interval '${DAYS} days',
           'P' || lpad(product::text, 4, '0'), 'Wireless Mouse Classic ' || product, 1 + product * 0.75, gen_random_uuid()
      from (select 1 + floor(random() * ${users})::int as who, random() as share, random() as moment,
                   1 + floor(random() * 200)::int as product
              from generate_series(1, ${number})) as event`;
}
