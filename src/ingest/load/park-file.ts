import type { SourceFileRow } from '../../database/schema.ts';
import type { Claim } from '../ledger/claim-files.ts';
import { failFile } from '../ledger/finish-files.ts';
import { LoadConnection } from './load-connection.ts';

/**
 * Ends a file as failed for good. Over a connection of its own: its rows are taken out, which lasts as long as there are rows,
 * and longer than the queries of a pool may.
 * Undefined where the claim is no longer held.
 */
export async function parkFile(
  connectionString: string,
  claim: Claim,
  message: string,
): Promise<SourceFileRow | undefined> {
  const connection = new LoadConnection(connectionString, 'sluice-removal');
  try {
    return await failFile(await connection.database(), claim, { code: 'load_failed', message });
  } finally {
    connection.discard();
  }
}
