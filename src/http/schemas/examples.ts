/**
 * Replies as the description shows them: what becomes of the example file `events.csv`. Tests hold them
 * equal to the schemas and to what really comes.
 */

const MESSAGE =
  'product_price "free" is not a price: allowed are digits with an optional sign, decimal point and exponent, such as 19.99';
const RAW = 'U000099,purchase,2024-01-15T10:35:00Z,P0001,Wireless Mouse,free,s-2';

export const LOADED_FILE = {
  fileId: 7,
  name: 'events.csv',
  origin: 'upload',
  status: 'loaded',
  sizeBytes: 286,
  sha256: 'c74546c45716017613220f3f47d6fb8c2119876facbe2e5bf8c159b0119b0d0d',
  rowsRead: 3,
  rowsLoaded: 2,
  rowsRejected: 1,
  rejectsByReason: { invalid_price: 1 },
  rowsWithheld: 0,
  rowsExpired: 0,
  rowsCorrected: 0,
  ignoredColumns: [],
  bytesCommitted: 286,
  attempts: 1,
  error: null,
  duplicateOf: null,
  follows: null,
  corrects: null,
  maxRejectPercent: null,
  discoveredAt: '2024-01-15T11:00:00.000Z',
  startedAt: '2024-01-15T11:00:00.020Z',
  finishedAt: '2024-01-15T11:00:00.055Z',
  revertedAt: null,
  durationMs: 35,
};

export const CLEAN_CHECK = {
  fileId: 7,
  ok: true,
  events: 2,
  rejects: 1,
  differenceCount: 0,
  differences: [],
  checkedAt: '2024-01-15T12:00:00.000Z',
};

export const PRICELESS_ROW = {
  fileId: 7,
  lineNumber: 4,
  reason: 'invalid_price',
  column: 'product_price',
  message: MESSAGE,
  raw: RAW,
  rawTruncated: false,
  rawSpan: { start: 59, end: 63 },
  correctedBy: null,
};

export const PRICELESS_ROWS = {
  reason: 'invalid_price',
  column: 'product_price',
  shape: 'a+',
  rows: 1,
  corrected: 0,
  sample: { fileId: 7, lineNumber: 4, message: MESSAGE, raw: RAW, rawTruncated: false },
  firstFile: { fileId: 7, name: 'events.csv' },
  lastFile: { fileId: 7, name: 'events.csv' },
};

export const CHECKED_FILE = {
  name: 'events.csv',
  outcome: 'loaded',
  sizeBytes: 286,
  sha256: LOADED_FILE.sha256,
  encoding: 'utf-8',
  gzip: false,
  delimiter: ',',
  columns: [
    { column: 'user_id', header: 'user_id', position: 1 },
    { column: 'event_type', header: 'event_type', position: 2 },
    { column: 'event_timestamp', header: 'event_timestamp', position: 3 },
    { column: 'product_id', header: 'product_id', position: 4 },
    { column: 'product_name', header: 'product_name', position: 5 },
    { column: 'product_price', header: 'product_price', position: 6 },
    { column: 'session_id', header: 'session_id', position: 7 },
  ],
  ignoredColumns: [],
  suggestions: [],
  rowsRead: 3,
  rowsLoaded: 2,
  rowsRejected: 1,
  rejectsByReason: { invalid_price: 1 },
  rejects: [
    {
      lineNumber: 4,
      reason: 'invalid_price',
      column: 'product_price',
      message: MESSAGE,
      raw: RAW,
      rawTruncated: false,
    },
  ],
  error: null,
  duplicateOf: null,
};

export const PURCHASE_DAY = {
  purchaseDate: '2024-01-15',
  totalPurchases: 1,
  totalRevenue: '19.99',
  avgOrderValue: '19.99',
  uniqueCustomers: 1,
};

export const ACTIVE_USER = {
  userId: 'U000062',
  totalEvents: 2,
  views: 1,
  purchases: 1,
  cartAdds: 0,
  totalSpent: '19.99',
  lastActivity: '2024-01-15T10:31:00.000Z',
};

export const CALM_STATS = {
  files: { queued: 0, loading: 0, loaded: 1, failed: 0, duplicate: 0, held: 0, reverted: 0 },
  rows: { read: 3, loaded: 2, rejected: 1 },
  rejectsByReason: { invalid_price: 1 },
  throughput: { rowsPerSecond: 0, bytesPerSecond: 6 },
  lag: { queuedFiles: 0, oldestQueuedSeconds: 0 },
  latency: { p50Ms: 55, p95Ms: 55 },
  lastLoadedAt: '2024-01-15T11:00:00.055Z',
  watcher: { directory: '/home/you/sluice/input_data', state: 'watching' },
};

export const GOOD_HEALTH = { status: 'ok', database: 'ok', watcher: 'watching', version: '1.0.0', uptimeSeconds: 60 };

export const EXPLAINED_FILE = {
  path: '/home/you/sluice/input_data/events.csv',
  name: 'events.csv',
  verdict: 'loaded',
  explanation:
    'events.csv (file 7) was loaded at 2024-01-15T11:00:00.055Z: 2 rows; 1 of 3 rows were rejected. See which: GET /ingestion/files/7/rejects.',
  rule: null,
  queuedBehind: null,
  file: LOADED_FILE,
  otherVersions: [],
};
