-- Not ALTER TABLE, whose lock on user_events would wait behind every load and hold up the next ones.
ALTER SEQUENCE "user_events_event_id_seq" CACHE 1000;--> statement-breakpoint
CREATE INDEX "source_files_content_size" ON "source_files" USING btree ("size_bytes") WHERE "source_files"."status" = 'loaded' or "source_files"."committed_offset" > 0;