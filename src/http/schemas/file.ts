import { type Static, Type } from '@sinclair/typebox';
import { FILE_ORIGINS, FILE_STATUSES, type SourceFileRow } from '../../database/schema.ts';
import type { RowLayout } from '../../ingest/csv/row-layout.ts';
import type { RejectedRow } from '../../ingest/ledger/list-rejects.ts';
import { LOADED_FILE, PRICELESS_ROW } from './examples.ts';
import { FILE_ERROR_MEANINGS, listMeanings, REJECT_MEANINGS, STATUS_MEANINGS } from './meanings.ts';
import { Count, counted, FileId, Instant, nullable, oneOf } from './shared.ts';

export const FileSchema = Type.Object(
  {
    fileId: FileId,
    name: Type.String({ description: 'without a folder' }),
    origin: oneOf(FILE_ORIGINS, {
      description: 'found in the input folder, uploaded over HTTP, or given on the command line',
    }),
    status: oneOf(FILE_STATUSES, { description: listMeanings(STATUS_MEANINGS) }),
    sizeBytes: counted('as delivered: of a packed file the packed bytes'),
    sha256: nullable(Type.String({ pattern: '^[0-9a-f]{64}$' }), {
      description: 'of the bytes; null until they were read',
    }),
    rowsRead: counted('committed so far: `rowsLoaded` and `rowsRejected` together; `rowsWithheld` come on top'),
    rowsLoaded: counted('into `user_events`; `rowsExpired` of them are no longer there'),
    rowsRejected: counted('to be read with `GET /ingestion/files/{fileId}/rejects`'),
    rejectsByReason: Type.Record(Type.String(), Count, { description: 'rejected rows by the `reason` of a Reject' }),
    rowsWithheld: Type.Integer({
      minimum: 0,
      description: 'clean rows that are not in the table: held back (`held`), or taken out again (`reverted`)',
    }),
    rowsExpired: counted(
      'of the loaded rows, how many are no longer in `user_events`, being older than RETENTION_DAYS',
    ),
    rowsCorrected: Type.Integer({
      minimum: 0,
      description: 'how many of the rejected rows have come back corrected, in another file',
    }),
    ignoredColumns: Type.Array(Type.String(), { description: 'columns of the header that are not loaded' }),
    bytesCommitted: counted('of the file, up to the last commit'),
    attempts: counted('how often a loader began with it'),
    error: nullable(
      Type.Object({
        code: Type.String({ description: listMeanings(FILE_ERROR_MEANINGS) }),
        message: Type.String({ description: 'what is wrong, where, and what to do' }),
      }),
      { description: 'why it is `failed` or `held`, or was before it was discarded (`reverted`); else null' },
    ),
    duplicateOf: nullable(FileId, { description: 'the file that holds the same bytes' }),
    follows: nullable(FileId, { description: 'the earlier version of the same path' }),
    corrects: nullable(FileId, { description: 'the file whose rejected rows this one brings back corrected' }),
    maxRejectPercent: nullable(Type.Number({ minimum: 0, maximum: 100 }), {
      description: 'above this share of rejected rows the file is held; null: as MAX_REJECT_PERCENT says',
    }),
    discoveredAt: Type.String({ ...Instant, description: 'when it was seen first; ISO 8601, UTC' }),
    startedAt: nullable(Instant, { description: 'when a loader first began with it' }),
    finishedAt: nullable(Instant, { description: 'when it reached its end' }),
    revertedAt: nullable(Instant, { description: 'when its rows were taken out again' }),
    durationMs: nullable(Count, { description: 'from its first start to its end' }),
  },
  { $id: 'File', description: 'One version of a source file in the ledger.', examples: [LOADED_FILE] },
);

export type FileReply = Static<typeof FileSchema>;

export const RejectSchema = Type.Object(
  {
    fileId: FileId,
    lineNumber: Type.Integer({
      minimum: 1,
      description: 'the physical line on which the record starts; the header is line 1',
    }),
    reason: Type.String({ description: listMeanings(REJECT_MEANINGS) }),
    column: nullable(Type.String(), { description: 'the one at fault; null where the row as a whole is broken' }),
    message: Type.String({ description: 'for people: what is wrong with which value' }),
    raw: Type.String({ description: 'the record as it stands in the file, at most 4 KiB' }),
    rawTruncated: Type.Boolean({ description: 'whether the record was longer than `raw`' }),
    rawSpan: nullable(Type.Object({ start: Count, end: Count }), {
      description:
        'where the field of `column` stands in `raw`, in UTF-16 units (as JavaScript counts); null where no column is at fault',
    }),
    correctedBy: nullable(FileId, {
      description: 'the file whose row was loaded in its place; null as long as it is open',
    }),
  },
  { $id: 'Reject', description: 'A row that was not loaded, and why.', examples: [PRICELESS_ROW] },
);

export type RejectReply = Static<typeof RejectSchema>;

export function toFileReply(row: SourceFileRow): FileReply {
  return {
    fileId: row.fileId,
    name: row.name,
    origin: row.origin,
    status: row.status,
    sizeBytes: row.sizeBytes,
    sha256: row.sha256,
    rowsRead: row.rowsRead,
    rowsLoaded: row.rowsLoaded,
    rowsRejected: row.rowsRejected,
    rejectsByReason: row.rejectsByReason,
    rowsWithheld: row.rowsWithheld,
    rowsExpired: row.rowsExpired,
    rowsCorrected: row.rowsCorrected,
    ignoredColumns: row.ignoredColumns,
    bytesCommitted: row.bytesCommitted,
    attempts: row.attempts,
    error: row.errorCode === null ? null : { code: row.errorCode, message: row.errorMessage ?? '' },
    duplicateOf: row.duplicateOf,
    follows: row.follows,
    corrects: row.corrects,
    maxRejectPercent: row.maxRejectPercent,
    discoveredAt: row.discoveredAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
    revertedAt: row.revertedAt?.toISOString() ?? null,
    durationMs:
      row.startedAt === null || row.finishedAt === null
        ? null
        : Math.max(0, row.finishedAt.getTime() - row.startedAt.getTime()),
  };
}

export function toRejectReply(row: RejectedRow, layout: RowLayout): RejectReply {
  const { fileId, lineNumber, reason, columnName, message, raw, rawTruncated, correctedBy } = row;
  const rawSpan = columnName === null ? null : layout.span(raw, columnName);
  return { fileId, lineNumber, reason, column: columnName, message, raw, rawTruncated, rawSpan, correctedBy };
}
