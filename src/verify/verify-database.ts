import type { Queryable } from '../database/client.ts';
import { lastAsLongAsNeeded } from '../database/long-transaction.ts';
import { type VerifiedFiles, verifyFiles } from './verify-files.ts';
import { type VerifiedViews, verifyViews } from './verify-views.ts';

export interface Verification {
  readonly files: VerifiedFiles;
  readonly views: VerifiedViews;
}

/**
 * Recomputes what the ledger, the views and their totals say from the rows, all in one snapshot, so that whatever is loaded or undone
 * meanwhile is either in all of it or in none. It lasts as long as there are rows, and holds nobody up. `database` is a connection of its own.
 * `onStage`: called with what is being read; throws to stop.
 */
export async function verifyDatabase(database: Queryable, onStage: (stage: string) => void): Promise<Verification> {
  return await database.transaction(
    async (transaction) => {
      await lastAsLongAsNeeded(transaction);
      onStage('files and their rows');
      const files = await verifyFiles(transaction);
      onStage('views and their totals');
      const views = await verifyViews(transaction);
      return { files, views };
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}
