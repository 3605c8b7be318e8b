import { tooManyRejects } from '../check/reject-limit.ts';
import type { LedgerUpdate } from './load-transaction.ts';
import type { RowCounts } from './record-encoder.ts';

/** What the ledger row of a held file has in place of what it would have if it were loaded: its rejects, and no other row. */
export function heldUpdate(fileId: number, counts: RowCounts, limit: number): LedgerUpdate {
  const address = `/ingestion/files/${fileId}`;
  return {
    status: 'held',
    rowsRead: counts.rejected,
    rowsLoaded: 0,
    rowsWithheld: counts.loaded,
    // It claims no bytes: the same may be loaded from elsewhere.
    bytesCommitted: 0,
    committedOffset: 0,
    committedLine: 0,
    errorCode: 'too_many_rejects',
    errorMessage:
      `${tooManyRejects(counts, limit)}: none of its rows is loaded. Look at GET ${address}/rejects, then load it all the ` +
      `same (POST ${address}/release) or discard it (DELETE ${address})`,
  };
}
