CREATE TABLE "corrected_rejects" (
	"file_id" bigint NOT NULL,
	"line_number" bigint NOT NULL,
	"corrected_by" bigint NOT NULL,
	"is_piece" boolean DEFAULT false NOT NULL,
	CONSTRAINT "corrected_rejects_file_id_line_number_pk" PRIMARY KEY("file_id","line_number")
);
--> statement-breakpoint
ALTER TABLE "source_files" DROP CONSTRAINT "source_files_status";--> statement-breakpoint
ALTER TABLE "rejected_rows" ADD COLUMN "shape" text;--> statement-breakpoint
ALTER TABLE "rejected_rows" ADD COLUMN "root_file_id" bigint;--> statement-breakpoint
ALTER TABLE "rejected_rows" ADD COLUMN "root_line" bigint;--> statement-breakpoint
ALTER TABLE "source_files" ADD COLUMN "rows_withheld" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "source_files" ADD COLUMN "rows_corrected" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "source_files" ADD COLUMN "max_reject_percent" double precision;--> statement-breakpoint
ALTER TABLE "source_files" ADD COLUMN "is_released" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "source_files" ADD COLUMN "header_columns" text[];--> statement-breakpoint
ALTER TABLE "source_files" ADD COLUMN "delimiter" text;--> statement-breakpoint
ALTER TABLE "source_files" ADD COLUMN "corrects" bigint;--> statement-breakpoint
ALTER TABLE "source_files" ADD COLUMN "reverted_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "corrected_rejects_by" ON "corrected_rejects" USING btree ("corrected_by");--> statement-breakpoint
ALTER TABLE "source_files" ADD CONSTRAINT "source_files_corrects_source_files_file_id_fk" FOREIGN KEY ("corrects") REFERENCES "public"."source_files"("file_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "rejected_rows_root" ON "rejected_rows" USING btree ("root_file_id","root_line") WHERE "rejected_rows"."root_file_id" is not null;--> statement-breakpoint
ALTER INDEX "user_events_timestamp_brin" SET (autosummarize = on);--> statement-breakpoint
ALTER INDEX "user_events_file_brin" SET (autosummarize = on);--> statement-breakpoint
ALTER TABLE "source_files" ADD CONSTRAINT "source_files_withheld_loads_nothing" CHECK ("source_files"."status" not in ('held', 'reverted') or ("source_files"."rows_loaded" = 0 and "source_files"."committed_offset" = 0));--> statement-breakpoint
ALTER TABLE "source_files" ADD CONSTRAINT "source_files_status" CHECK ("source_files"."status" in ('queued', 'loading', 'loaded', 'failed', 'duplicate', 'held', 'reverted'));