import type { FileReply } from '../../../../src/http/schemas/file.ts';

/** A file as the server describes it, loaded without rejects unless a test says otherwise. */
export function fileReply(change: Partial<FileReply> = {}): FileReply {
  return {
    fileId: 1,
    name: 'events.csv',
    origin: 'upload',
    status: 'loaded',
    sizeBytes: 1000,
    sha256: null,
    rowsRead: 10,
    rowsLoaded: 10,
    rowsRejected: 0,
    rejectsByReason: {},
    rowsWithheld: 0,
    rowsExpired: 0,
    rowsCorrected: 0,
    ignoredColumns: [],
    bytesCommitted: 1000,
    attempts: 1,
    error: null,
    duplicateOf: null,
    follows: null,
    corrects: null,
    maxRejectPercent: null,
    discoveredAt: '2026-01-01T00:00:00.000Z',
    startedAt: null,
    finishedAt: null,
    revertedAt: null,
    durationMs: null,
    ...change,
  };
}
