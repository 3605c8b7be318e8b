-- What is loaded already is counted once, below. Nobody may load meanwhile, or it would be counted by nobody. First of all, as a load takes the two in this order.
LOCK TABLE "user_events" IN SHARE MODE;--> statement-breakpoint
-- Replicas of the version before do not count what they load. With the column under another name they can not, until they are replaced.
ALTER TABLE "source_files" RENAME COLUMN "committed_offset" TO "text_offset";--> statement-breakpoint
CREATE TABLE "purchase_day_customers" (
	"purchase_date" date NOT NULL,
	"user_id" varchar(50) NOT NULL,
	"purchases" bigint NOT NULL,
	CONSTRAINT "purchase_day_customers_purchase_date_user_id_pk" PRIMARY KEY("purchase_date","user_id")
);
--> statement-breakpoint
CREATE TABLE "purchase_day_deltas" (
	"delta_id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "purchase_day_deltas_delta_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"created_at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	"purchase_date" date NOT NULL,
	"purchases" bigint NOT NULL,
	"revenue_cents" bigint NOT NULL,
	"user_ids" text[] NOT NULL,
	"user_purchases" integer[] NOT NULL,
	"entries" integer GENERATED ALWAYS AS (cardinality(user_ids)) STORED NOT NULL
);
--> statement-breakpoint
CREATE TABLE "purchase_day_totals" (
	"purchase_date" date PRIMARY KEY NOT NULL,
	"purchases" bigint NOT NULL,
	"revenue_cents" bigint NOT NULL,
	"customers" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "user_deltas" (
	"delta_id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "user_deltas_delta_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"created_at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	"user_ids" text[] NOT NULL,
	"total_events" integer[] NOT NULL,
	"views" integer[] NOT NULL,
	"purchases" integer[] NOT NULL,
	"cart_adds" integer[] NOT NULL,
	"spent_cents" bigint[] NOT NULL,
	"last_activity" timestamp with time zone[] NOT NULL,
	"entries" integer GENERATED ALWAYS AS (cardinality(user_ids)) STORED NOT NULL,
	"is_removal" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE "user_totals" (
	"user_id" varchar(50) PRIMARY KEY NOT NULL,
	"total_events" bigint NOT NULL,
	"views" bigint NOT NULL,
	"purchases" bigint NOT NULL,
	"cart_adds" bigint NOT NULL,
	"spent_cents" bigint NOT NULL,
	"last_activity" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "source_files" ADD COLUMN "rows_expired" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "purchase_day_deltas_date" ON "purchase_day_deltas" USING btree ("purchase_date");--> statement-breakpoint
CREATE INDEX "user_totals_rank" ON "user_totals" USING btree ("total_events" DESC NULLS FIRST,"user_id");--> statement-breakpoint
-- Out of line and as they are: to compress a few thousand numbers costs more than it saves, in a row that lives for a second.
ALTER TABLE "user_deltas" ALTER "user_ids" SET STORAGE EXTERNAL, ALTER "total_events" SET STORAGE EXTERNAL, ALTER "views" SET STORAGE EXTERNAL, ALTER "purchases" SET STORAGE EXTERNAL, ALTER "cart_adds" SET STORAGE EXTERNAL, ALTER "spent_cents" SET STORAGE EXTERNAL, ALTER "last_activity" SET STORAGE EXTERNAL;--> statement-breakpoint
ALTER TABLE "purchase_day_deltas" ALTER "user_ids" SET STORAGE EXTERNAL, ALTER "user_purchases" SET STORAGE EXTERNAL;--> statement-breakpoint
-- Their rows die within a second, and whoever looks at the views passes what is not cleared away.
ALTER TABLE "user_deltas" SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);--> statement-breakpoint
ALTER TABLE "purchase_day_deltas" SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);--> statement-breakpoint
-- Without statistics the planner takes few users for granted at all times, not those of a moment in which there were many.
ALTER TABLE "user_deltas" ALTER "user_ids" SET STATISTICS 0;--> statement-breakpoint
ALTER TABLE "purchase_day_deltas" ALTER "user_ids" SET STATISTICS 0;--> statement-breakpoint
INSERT INTO "user_totals" ("user_id", "total_events", "views", "purchases", "cart_adds", "spent_cents", "last_activity")
SELECT "user_id", count(*), count(*) FILTER (WHERE "event_type" = 'view'), count(*) FILTER (WHERE "event_type" = 'purchase'),
       count(*) FILTER (WHERE "event_type" = 'add_to_cart'), coalesce(sum("product_price" * 100) FILTER (WHERE "event_type" = 'purchase'), 0), max("event_timestamp")
  FROM "user_events" GROUP BY "user_id" ORDER BY "user_id";--> statement-breakpoint
INSERT INTO "purchase_day_customers" ("purchase_date", "user_id", "purchases")
SELECT ("event_timestamp" AT TIME ZONE 'UTC')::date, "user_id", count(*) FROM "user_events" WHERE "event_type" = 'purchase' GROUP BY 1, 2 ORDER BY 1, 2;--> statement-breakpoint
INSERT INTO "purchase_day_totals" ("purchase_date", "purchases", "revenue_cents", "customers")
SELECT ("event_timestamp" AT TIME ZONE 'UTC')::date, count(*), sum("product_price" * 100), count(DISTINCT "user_id") FROM "user_events" WHERE "event_type" = 'purchase' GROUP BY 1 ORDER BY 1;--> statement-breakpoint
-- Replaced and not dropped: views and reports of others may stand on them.
CREATE OR REPLACE VIEW "public"."purchase_analytics" AS (
  select day.purchase_date,
         day.purchases as total_purchases,
         day.revenue_cents * 0.01 as total_revenue,
         round(day.revenue_cents * 0.01 / nullif(day.purchases, 0), 2) as avg_order_value,
         day.customers + (select count(distinct added.user_id)
                            from purchase_day_deltas as delta
                           cross join unnest(delta.user_ids) as added (user_id)
                           where delta.purchase_date = day.purchase_date
                             and not exists (select from purchase_day_customers as known
                                              where known.purchase_date = day.purchase_date
                                                and known.user_id = added.user_id)) as unique_customers
    from (select purchase_date, sum(purchases)::bigint as purchases, sum(revenue_cents) as revenue_cents, sum(customers)::bigint as customers
            from (select purchase_date, purchases, revenue_cents, customers from purchase_day_totals
                  union all
                  select purchase_date, purchases, revenue_cents, 0 from purchase_day_deltas) as part
           group by purchase_date) as day
   order by day.purchase_date desc);--> statement-breakpoint
CREATE OR REPLACE VIEW "public"."user_activity_summary" AS (
  select user_id, total_events, views, purchases, cart_adds, spent_cents * 0.01 as total_spent, last_activity
    from (select user_id, total_events, views, purchases, cart_adds, spent_cents, last_activity, false as has_deltas from user_totals
          union all
          select added.user_id::varchar(50),
                 added.total_events + coalesce(known.total_events, 0),
                 added.views + coalesce(known.views, 0),
                 added.purchases + coalesce(known.purchases, 0),
                 added.cart_adds + coalesce(known.cart_adds, 0),
                 added.spent_cents + coalesce(known.spent_cents, 0),
                 greatest(added.last_activity, known.last_activity),
                 true
            from (select user_id,
                         sum(part.total_events)::bigint as total_events,
                         sum(part.views)::bigint as views,
                         sum(part.purchases)::bigint as purchases,
                         sum(part.cart_adds)::bigint as cart_adds,
                         sum(part.spent_cents)::bigint as spent_cents,
                         max(part.last_activity) as last_activity
                    from user_deltas as delta
                   cross join unnest(delta.user_ids, delta.total_events, delta.views, delta.purchases, delta.cart_adds,
                                     delta.spent_cents, delta.last_activity)
                              as part (user_id, total_events, views, purchases, cart_adds, spent_cents, last_activity)
                   group by user_id) as added
            left join user_totals as known on known.user_id = added.user_id) as one
   where has_deltas
      or user_id not in (select distinct waiting.user_id from user_deltas as delta cross join unnest(delta.user_ids) as waiting (user_id))
   order by total_events desc, user_id);