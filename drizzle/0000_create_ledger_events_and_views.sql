CREATE TYPE "public"."event_type" AS ENUM('view', 'add_to_cart', 'purchase', 'remove_from_cart');--> statement-breakpoint
CREATE TABLE "rejected_rows" (
	"file_id" bigint NOT NULL,
	"line_number" bigint NOT NULL,
	"reason" text NOT NULL,
	"column_name" text,
	"message" text NOT NULL,
	"raw" text NOT NULL,
	"raw_truncated" boolean DEFAULT false NOT NULL,
	CONSTRAINT "rejected_rows_file_id_line_number_pk" PRIMARY KEY("file_id","line_number")
);
--> statement-breakpoint
CREATE TABLE "source_files" (
	"file_id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "source_files_file_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"name" text NOT NULL,
	"path" text NOT NULL,
	"origin" text NOT NULL,
	"status" text DEFAULT 'queued' NOT NULL,
	"size_bytes" bigint NOT NULL,
	"fingerprint" text NOT NULL,
	"sha256" text,
	"rows_read" bigint DEFAULT 0 NOT NULL,
	"rows_loaded" bigint DEFAULT 0 NOT NULL,
	"rows_rejected" bigint DEFAULT 0 NOT NULL,
	"rejects_by_reason" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"ignored_columns" text[] DEFAULT '{}' NOT NULL,
	"bytes_committed" bigint DEFAULT 0 NOT NULL,
	"committed_offset" bigint DEFAULT 0 NOT NULL,
	"committed_line" bigint DEFAULT 0 NOT NULL,
	"tail_offset" bigint,
	"tail_line" bigint,
	"attempts" integer DEFAULT 0 NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"error_code" text,
	"error_message" text,
	"duplicate_of" bigint,
	"follows" bigint,
	"claimed_by" text,
	"lease_until" timestamp with time zone,
	"available_at" timestamp with time zone DEFAULT now() NOT NULL,
	"discovered_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "source_files_accounting" CHECK ("source_files"."rows_read" = "source_files"."rows_loaded" + "source_files"."rows_rejected"),
	CONSTRAINT "source_files_origin" CHECK ("source_files"."origin" in ('directory', 'upload', 'cli')),
	CONSTRAINT "source_files_status" CHECK ("source_files"."status" in ('queued', 'loading', 'loaded', 'failed', 'duplicate')),
	CONSTRAINT "source_files_failed_holds_nothing" CHECK ("source_files"."status" not in ('failed', 'duplicate') or ("source_files"."rows_read" = 0 and "source_files"."committed_offset" = 0))
);
--> statement-breakpoint
CREATE TABLE "user_events" (
	"event_id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "user_events_event_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"user_id" varchar(50) NOT NULL,
	"event_type" "event_type" NOT NULL,
	"event_timestamp" timestamp with time zone NOT NULL,
	"product_id" varchar(50) NOT NULL,
	"product_name" varchar(255) NOT NULL,
	"product_price" numeric(10, 2) NOT NULL,
	"session_id" varchar(100) NOT NULL,
	"processed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"file_id" bigint,
	"line_number" bigint,
	CONSTRAINT "user_events_price_above_zero" CHECK ("user_events"."product_price" > 0 and "user_events"."product_price" <> 'NaN')
);
--> statement-breakpoint
ALTER TABLE "source_files" ADD CONSTRAINT "source_files_duplicate_of_source_files_file_id_fk" FOREIGN KEY ("duplicate_of") REFERENCES "public"."source_files"("file_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "source_files" ADD CONSTRAINT "source_files_follows_source_files_file_id_fk" FOREIGN KEY ("follows") REFERENCES "public"."source_files"("file_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "source_files_content_key" ON "source_files" USING btree ("sha256") WHERE "source_files"."status" = 'loaded' or "source_files"."committed_offset" > 0;--> statement-breakpoint
CREATE UNIQUE INDEX "source_files_open_path_key" ON "source_files" USING btree ("path") WHERE "source_files"."status" in ('queued', 'loading');--> statement-breakpoint
CREATE INDEX "source_files_path" ON "source_files" USING btree ("path","file_id");--> statement-breakpoint
CREATE INDEX "source_files_open" ON "source_files" USING btree ("available_at","file_id") WHERE "source_files"."status" in ('queued', 'loading');--> statement-breakpoint
CREATE INDEX "source_files_finished" ON "source_files" USING btree ("finished_at") WHERE "source_files"."finished_at" is not null;--> statement-breakpoint
CREATE INDEX "source_files_updated" ON "source_files" USING btree ("updated_at");--> statement-breakpoint
CREATE INDEX "user_events_timestamp_brin" ON "user_events" USING brin ("event_timestamp");--> statement-breakpoint
CREATE INDEX "user_events_file_brin" ON "user_events" USING brin ("file_id");--> statement-breakpoint
CREATE VIEW "public"."purchase_analytics" AS (
  select (event_timestamp at time zone 'UTC')::date as purchase_date,
         count(*) as total_purchases,
         sum(product_price) as total_revenue,
         round(avg(product_price), 2) as avg_order_value,
         count(distinct user_id) as unique_customers
    from user_events
   where event_type = 'purchase'
   group by 1
   order by 1 desc);--> statement-breakpoint
CREATE VIEW "public"."user_activity_summary" AS (
  select user_id,
         count(*) as total_events,
         count(*) filter (where event_type = 'view') as views,
         count(*) filter (where event_type = 'purchase') as purchases,
         count(*) filter (where event_type = 'add_to_cart') as cart_adds,
         coalesce(sum(product_price) filter (where event_type = 'purchase'), 0.00) as total_spent,
         max(event_timestamp) as last_activity
    from user_events
   group by user_id
   order by total_events desc, user_id);