import { isNotNull, sql } from 'drizzle-orm';
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  date,
  doublePrecision,
  index,
  integer,
  jsonb,
  numeric,
  pgEnum,
  pgTable,
  pgView,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  varchar,
} from 'drizzle-orm/pg-core';

// drizzle-kit loads this file by itself, so it imports nothing of ours: the literals below are held
// equal to `event-columns.ts` and `reject-reason.ts` by test/integration/schema.test.ts.

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
const count = (name: string) => bigint(name, { mode: 'number' });

export const eventType = pgEnum('event_type', ['view', 'add_to_cart', 'purchase', 'remove_from_cart']);

export const FILE_ORIGINS = ['directory', 'upload', 'cli'] as const;
export type FileOrigin = (typeof FILE_ORIGINS)[number];

/** `held`: too many rejects, none of its rows is loaded until somebody says so. `reverted`: its rows were taken out again. */
export const FILE_STATUSES = ['queued', 'loading', 'loaded', 'failed', 'duplicate', 'held', 'reverted'] as const;
export type FileStatus = (typeof FILE_STATUSES)[number];

/**
 * The events. No foreign key, trigger, exclusion constraint or second unique key, so that the table can be
 * distributed by `user_id` later; no B-tree on a random key, which would halve the load speed (ADR 0002).
 * Lineage is nullable because a writer that is not Sluice has none.
 */
export const userEvents = pgTable(
  'user_events',
  {
    // Numbers are taken a thousand at a time: one by one, parallel loaders queue for the sequence (ADR 0007).
    eventId: bigint('event_id', { mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity({ cache: 1000 }),
    userId: varchar('user_id', { length: 50 }).notNull(),
    eventType: eventType('event_type').notNull(),
    eventTimestamp: instant('event_timestamp').notNull(),
    productId: varchar('product_id', { length: 50 }).notNull(),
    productName: varchar('product_name', { length: 255 }).notNull(),
    productPrice: numeric('product_price', { precision: 10, scale: 2 }).notNull(),
    sessionId: varchar('session_id', { length: 100 }).notNull(),
    processedAt: instant('processed_at').notNull().defaultNow(),
    fileId: count('file_id'),
    lineNumber: count('line_number'),
  },
  (table) => [
    // PostgreSQL holds NaN greater than every number, and one NaN makes every sum of the views NaN.
    check('user_events_price_above_zero', sql`${table.productPrice} > 0 and ${table.productPrice} <> 'NaN'`),
    // Until a range of pages is summarised every look into the index reads all of it, and a vacuum may be 20 % of the rows away.
    index('user_events_timestamp_brin').using('brin', table.eventTimestamp).with({ autosummarize: true }),
    index('user_events_file_brin').using('brin', table.fileId).with({ autosummarize: true }),
  ],
);

/** The ledger: one row for each version of a file, from its discovery to its end. */
export const sourceFiles = pgTable(
  'source_files',
  {
    fileId: bigint('file_id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    name: text('name').notNull(),
    path: text('path').notNull(),
    origin: text('origin', { enum: FILE_ORIGINS }).notNull(),
    status: text('status', { enum: FILE_STATUSES }).notNull().default('queued'),
    sizeBytes: count('size_bytes').notNull(),
    /** size, mtime and inode of the version seen: equal means «already known» without reading the file */
    fingerprint: text('fingerprint').notNull(),
    sha256: text('sha256'),
    rowsRead: count('rows_read').notNull().default(0),
    rowsLoaded: count('rows_loaded').notNull().default(0),
    rowsRejected: count('rows_rejected').notNull().default(0),
    rejectsByReason: jsonb('rejects_by_reason').$type<Record<string, number>>().notNull().default({}),
    /** clean rows that are not in `user_events`: held back, or taken out again */
    rowsWithheld: count('rows_withheld').notNull().default(0),
    /** how many of its rejects have been loaded since as rows of a file that corrects it */
    rowsCorrected: count('rows_corrected').notNull().default(0),
    /** how many of its loaded rows are no longer in `user_events`, being older than RETENTION_DAYS */
    rowsExpired: count('rows_expired').notNull().default(0),
    /** above this share of rejects the file is held; null: as the service is configured */
    maxRejectPercent: doublePrecision('max_reject_percent'),
    /** somebody has seen its rejects and wants it all the same */
    isReleased: boolean('is_released').notNull().default(false),
    /** the names in the header as written, and what stands between them: a rejected row can be shown in its columns */
    headerColumns: text('header_columns').array(),
    delimiter: text('delimiter'),
    ignoredColumns: text('ignored_columns').array().notNull().default([]),
    bytesCommitted: count('bytes_committed').notNull().default(0),
    /** offset in the decoded text (unzipped, UTF-8, without BOM) up to which rows are committed; the compare-and-set value */
    committedOffset: count('text_offset').notNull().default(0),
    committedLine: count('committed_line').notNull().default(0),
    /** where the last record begins, if the file ended without a line end behind it: what is appended may belong to it */
    tailOffset: count('tail_offset'),
    tailLine: count('tail_line'),
    /** claims so far; also the fencing token: a commit names the attempt that it belongs to */
    attempts: integer('attempts').notNull().default(0),
    /** attempts that ended in an error of the file's own making; bounded, unlike outages of the database */
    failures: integer('failures').notNull().default(0),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
    duplicateOf: count('duplicate_of').references((): AnyPgColumn => sourceFiles.fileId),
    follows: count('follows').references((): AnyPgColumn => sourceFiles.fileId),
    /** the file whose rejected rows this one brings back corrected */
    corrects: count('corrects').references((): AnyPgColumn => sourceFiles.fileId),
    claimedBy: text('claimed_by'),
    leaseUntil: instant('lease_until'),
    availableAt: instant('available_at').notNull().defaultNow(),
    discoveredAt: instant('discovered_at').notNull().defaultNow(),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
    revertedAt: instant('reverted_at'),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [
    check('source_files_accounting', sql`${table.rowsRead} = ${table.rowsLoaded} + ${table.rowsRejected}`),
    check('source_files_origin', sql`${table.origin} in ('directory', 'upload', 'cli')`),
    check(
      'source_files_status',
      sql`${table.status} in ('queued', 'loading', 'loaded', 'failed', 'duplicate', 'held', 'reverted')`,
    ),
    // What is held or reverted keeps its rejects, and claims no bytes: they may be loaded again.
    check(
      'source_files_withheld_loads_nothing',
      sql`${table.status} not in ('held', 'reverted') or (${table.rowsLoaded} = 0 and ${table.committedOffset} = 0)`,
    ),
    check(
      'source_files_failed_holds_nothing',
      sql`${table.status} not in ('failed', 'duplicate') or (${table.rowsRead} = 0 and ${table.committedOffset} = 0)`,
    ),
    // I1: the same bytes can be committed for one file only, whatever their names and however many replicas.
    uniqueIndex('source_files_content_key')
      .on(table.sha256)
      .where(sql`${table.status} = 'loaded' or ${table.committedOffset} > 0`),
    // A size that is not there spares a new file the pass over its content that looks for duplicates.
    index('source_files_content_size')
      .on(table.sizeBytes)
      .where(sql`${table.status} = 'loaded' or ${table.committedOffset} > 0`),
    uniqueIndex('source_files_open_path_key').on(table.path).where(sql`${table.status} in ('queued', 'loading')`),
    index('source_files_path').on(table.path, table.fileId),
    index('source_files_open').on(table.availableAt, table.fileId).where(sql`${table.status} in ('queued', 'loading')`),
    index('source_files_finished').on(table.finishedAt).where(isNotNull(table.finishedAt)),
    index('source_files_updated').on(table.updatedAt),
  ],
);

export type SourceFileRow = typeof sourceFiles.$inferSelect;

/**
 * Every rejected row with its line, reason and text. One record starts on a line, hence the key. No foreign key:
 * a file of a million bad rows would pay for a million checks of a row that its own transaction writes.
 */
export const rejectedRows = pgTable(
  'rejected_rows',
  {
    fileId: count('file_id').notNull(),
    lineNumber: count('line_number').notNull(),
    reason: text('reason').notNull(),
    columnName: text('column_name'),
    message: text('message').notNull(),
    raw: text('raw').notNull(),
    rawTruncated: boolean('raw_truncated').notNull().default(false),
    /** what the offending value looks like, so that a million rejects read as a few problems */
    shape: text('shape'),
    /** the reject that this row was meant to correct, the first one of the chain */
    rootFileId: count('root_file_id'),
    rootLine: count('root_line'),
  },
  (table) => [
    primaryKey({ columns: [table.fileId, table.lineNumber] }),
    index('rejected_rows_root').on(table.rootFileId, table.rootLine).where(isNotNull(table.rootFileId)),
  ],
);

/**
 * Which rejects were loaded since, corrected, as a row of which file. The key is what holds a row that was corrected twice
 * from being loaded twice. Beside the rejects, not in them: they are written anew when a held file is released.
 */
export const correctedRejects = pgTable(
  'corrected_rejects',
  {
    fileId: count('file_id').notNull(),
    lineNumber: count('line_number').notNull(),
    correctedBy: count('corrected_by').notNull(),
    /** the reject was a piece of a row, and is gone since its whole was loaded: it is counted nowhere */
    isPiece: boolean('is_piece').notNull().default(false),
  },
  (table) => [
    primaryKey({ columns: [table.fileId, table.lineNumber] }),
    index('corrected_rejects_by').on(table.correctedBy),
  ],
);

/**
 * What the views add up, per user and per day of purchases: the state that the folder keeps (ADR 0013). Whoever holds the lock of
 * the totals writes them, and nobody else, so loaders never wait for each other's rows.
 */
export const userTotals = pgTable(
  'user_totals',
  {
    userId: varchar('user_id', { length: 50 }).primaryKey(),
    totalEvents: count('total_events').notNull(),
    views: count('views').notNull(),
    purchases: count('purchases').notNull(),
    cartAdds: count('cart_adds').notNull(),
    spentCents: bigint('spent_cents', { mode: 'bigint' }).notNull(),
    lastActivity: instant('last_activity').notNull(),
  },
  // The order of the view: a page of it is a walk along this index.
  (table) => [index('user_totals_rank').on(table.totalEvents.desc().nullsFirst(), table.userId)],
);

export const purchaseDayTotals = pgTable('purchase_day_totals', {
  purchaseDate: date('purchase_date', { mode: 'string' }).primaryKey(),
  purchases: count('purchases').notNull(),
  revenueCents: bigint('revenue_cents', { mode: 'bigint' }).notNull(),
  customers: count('customers').notNull(),
});

/** Who bought on which day, and how often: by this a customer of a day is counted once, and no longer when all of it is undone. */
export const purchaseDayCustomers = pgTable(
  'purchase_day_customers',
  {
    purchaseDate: date('purchase_date', { mode: 'string' }).notNull(),
    userId: varchar('user_id', { length: 50 }).notNull(),
    purchases: count('purchases').notNull(),
  },
  (table) => [primaryKey({ columns: [table.purchaseDate, table.userId] })],
);

/**
 * What loads have added and nobody has folded into the totals yet: a few thousand users a row, as arrays of equal length. One
 * row a user would leave a dead row a user, which each look at the views had to skip until the next vacuum. Committed with the events themselves.
 */
export const userDeltas = pgTable('user_deltas', {
  deltaId: bigint('delta_id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  createdAt: instant('created_at').notNull().default(sql`clock_timestamp()`),
  userIds: text('user_ids').array().notNull(),
  totalEvents: integer('total_events').array().notNull(),
  views: integer('views').array().notNull(),
  purchases: integer('purchases').array().notNull(),
  cartAdds: integer('cart_adds').array().notNull(),
  spentCents: bigint('spent_cents', { mode: 'bigint' }).array().notNull(),
  lastActivity: instant('last_activity').array().notNull(),
  /** how many they are, so that nobody has to read them to know */
  entries: integer('entries').notNull().generatedAlwaysAs(sql`cardinality(user_ids)`),
  /** its counts are below zero: only inside a transaction that takes rows out, which folds it before it commits */
  isRemoval: boolean('is_removal').notNull().default(false),
});

/** The same for days: their sums, and who bought how often. */
export const purchaseDayDeltas = pgTable(
  'purchase_day_deltas',
  {
    deltaId: bigint('delta_id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    createdAt: instant('created_at').notNull().default(sql`clock_timestamp()`),
    purchaseDate: date('purchase_date', { mode: 'string' }).notNull(),
    purchases: count('purchases').notNull(),
    revenueCents: bigint('revenue_cents', { mode: 'bigint' }).notNull(),
    userIds: text('user_ids').array().notNull(),
    userPurchases: integer('user_purchases').array().notNull(),
    entries: integer('entries').notNull().generatedAlwaysAs(sql`cardinality(user_ids)`),
  },
  (table) => [index('purchase_day_deltas_date').on(table.purchaseDate)],
);

/**
 * Totals and deltas in one snapshot, so each event is in the view from the commit on in which it is in `user_events`. What is
 * counted at a look is the customers that a day has only among its deltas.
 */
export const purchaseAnalytics = pgView('purchase_analytics', {
  purchaseDate: date('purchase_date', { mode: 'string' }).notNull(),
  totalPurchases: count('total_purchases').notNull(),
  totalRevenue: numeric('total_revenue').notNull(),
  avgOrderValue: numeric('avg_order_value').notNull(),
  uniqueCustomers: count('unique_customers').notNull(),
}).as(sql`
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
   order by day.purchase_date desc`);

/**
 * A user with deltas is made of both, any other is as in the totals. That condition stands outside of the union: inside of
 * it, the planner would not walk along `user_totals_rank`, but sort all users for a page of ten. And it says `distinct`, of which
 * the planner expects a few whatever there was an hour ago: of many it would not make a hash, but read them all once for each user.
 */
export const userActivitySummary = pgView('user_activity_summary', {
  userId: varchar('user_id', { length: 50 }).notNull(),
  totalEvents: count('total_events').notNull(),
  views: count('views').notNull(),
  purchases: count('purchases').notNull(),
  cartAdds: count('cart_adds').notNull(),
  totalSpent: numeric('total_spent').notNull(),
  lastActivity: instant('last_activity').notNull(),
}).as(sql`
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
   order by total_events desc, user_id`);
