import { type Static, Type } from '@sinclair/typebox';
import { FILE_ORIGINS, FILE_STATUSES, type SourceFileRow } from '../../database/schema.ts';
import type { RowLayout } from '../../ingest/csv/row-layout.ts';
import type { RejectedRow } from '../../ingest/ledger/list-rejects.ts';
import { Count, FileId, Instant, nullable, oneOf } from './shared.ts';

export const FileSchema = Type.Object(
  {
    fileId: FileId,
    name: Type.String(),
    origin: oneOf(FILE_ORIGINS),
    status: oneOf(FILE_STATUSES),
    sizeBytes: Count,
    sha256: nullable(Type.String({ pattern: '^[0-9a-f]{64}$' }), {
      description: 'of the bytes; null until they were read',
    }),
    rowsRead: Count,
    rowsLoaded: Count,
    rowsRejected: Count,
    rejectsByReason: Type.Record(Type.String(), Count),
    rowsWithheld: Type.Integer({
      minimum: 0,
      description: 'clean rows that are not in the table: held back (`held`), or taken out again (`reverted`)',
    }),
    rowsCorrected: Type.Integer({
      minimum: 0,
      description: 'how many of the rejected rows have come back corrected, in another file',
    }),
    ignoredColumns: Type.Array(Type.String()),
    bytesCommitted: Count,
    attempts: Count,
    error: nullable(Type.Object({ code: Type.String(), message: Type.String() })),
    duplicateOf: nullable(FileId, { description: 'the file that holds the same bytes' }),
    follows: nullable(FileId, { description: 'the earlier version of the same path' }),
    corrects: nullable(FileId, { description: 'the file whose rejected rows this one brings back corrected' }),
    maxRejectPercent: nullable(Type.Number({ minimum: 0, maximum: 100 }), {
      description: 'above this share of rejected rows the file is held; null: as MAX_REJECT_PERCENT says',
    }),
    discoveredAt: Instant,
    startedAt: nullable(Instant),
    finishedAt: nullable(Instant),
    revertedAt: nullable(Instant, { description: 'when its rows were taken out again' }),
    durationMs: nullable(Count, { description: 'from its first start to its end' }),
  },
  { $id: 'File', description: 'One version of a source file in the ledger.' },
);

export type FileReply = Static<typeof FileSchema>;

export const RejectSchema = Type.Object(
  {
    fileId: FileId,
    lineNumber: Type.Integer({
      minimum: 1,
      description: 'the physical line on which the record starts; the header is line 1',
    }),
    reason: Type.String(),
    column: nullable(Type.String()),
    message: Type.String(),
    raw: Type.String({ description: 'the record as it stands in the file, at most 4 KiB' }),
    rawTruncated: Type.Boolean(),
    rawSpan: nullable(Type.Object({ start: Count, end: Count }), {
      description:
        'where the field of `column` stands in `raw`, in UTF-16 units (as JavaScript counts); null where no column is at fault',
    }),
    correctedBy: nullable(FileId, {
      description: 'the file whose row was loaded in its place; null as long as it is open',
    }),
  },
  { $id: 'Reject', description: 'A row that was not loaded, and why.' },
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
