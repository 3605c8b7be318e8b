import type { FileStatus } from '../../database/schema.ts';
import type { FileErrorCode } from '../../ingest/file-error.ts';
import type { RejectReason } from '../../ingest/reject-reason.ts';

/** Of the states of a file. */
export const STATUS_MEANINGS = {
  queued: 'waits for a loader',
  loading: 'is being loaded; its rows appear as they are committed',
  loaded: 'every row is in `user_events` or among the rejects',
  failed: 'no row could be told, or the database kept refusing it; nothing of it is loaded, `error` says why',
  duplicate: 'holds the same bytes as `duplicateOf`, which is loaded; nothing was done',
  held: 'too many of its rows are rejected; none is loaded until it is released or discarded',
  reverted: 'its rows were taken out again, or it was held and discarded; the same bytes may be loaded again',
} as const satisfies Record<FileStatus, string>;

/** Of the ways in which a file is not loaded as a whole. */
export const FILE_ERROR_MEANINGS = {
  missing_header: 'the file is empty; deliver it again',
  missing_columns: 'the first line does not name all seven columns; the message names those that are missing',
  duplicate_columns: 'the first line names a column twice; name each once',
  unsupported_encoding: 'it is neither UTF-8 nor UTF-16 with a byte order mark; save it as UTF-8',
  corrupt_gzip: 'it was cut or damaged on its way; compress and deliver it again',
  gzip_bomb: 'it unpacks to far more than event data does; deliver it unpacked if that is meant',
  unreadable: 'it is gone, no regular file, or may not be read; mend that and retry',
  too_many_corrections: 'it brings back more rejected rows than can be matched at once; split it',
  load_failed: 'the database kept refusing it; the message has its words, and `retry` loads it again',
  too_many_rejects: 'a larger share of its rows is rejected than allowed (`held`); release or discard it',
} as const satisfies Record<FileErrorCode | 'too_many_rejects', string>;

/** Of the reasons for which a row is rejected. */
export const REJECT_MEANINGS = {
  missing_value: 'the field is empty, or stands for nothing',
  value_too_long: 'ids may have 50 characters, a session 100, a product name 255',
  invalid_event_type: 'not `view`, `add_to_cart`, `purchase` or `remove_from_cart`, in exactly these letters',
  invalid_timestamp: 'not an ISO 8601 date that exists',
  invalid_price: 'not a plain number such as `19.99`',
  non_positive_price: 'not above 0',
  price_out_of_range: 'above 99,999,999.99',
  column_count_mismatch: 'more or fewer fields than the header has',
  malformed_quotes: 'a quote is not closed, or text follows a closing quote',
  invalid_encoding: 'bytes that are no text in the encoding of the file, or a NUL',
  record_too_long: 'the record is longer than `MAX_RECORD_BYTES`',
  already_corrected:
    'it brings back a rejected row that another file, or an earlier row of this one, has corrected already; it is not loaded twice',
} as const satisfies Record<RejectReason, string>;

/** As a list in Markdown. */
export function listMeanings(meanings: Readonly<Record<string, string>>): string {
  return Object.entries(meanings)
    .map(([name, meaning]) => `- \`${name}\`: ${meaning}`)
    .join('\n');
}
