import type { SourceFileRow } from '../database/schema.ts';
import { grouped } from './count.ts';
import type { SummaryRow } from './summary-table.ts';

/** How a person reads that a file is in the way of going on. */
export const LOAD_ANYWAY = 'To load it all the same: the same command with --max-reject-percent 100';

/** A file of the ledger as a row of the summary; `isKnown`: it was loaded before this command began. */
export function summaryRowOf(file: SourceFileRow, isKnown: boolean): SummaryRow {
  const { name, rowsLoaded, rowsRejected } = file;
  const rows = { name, rowsLoaded, rowsRejected, seconds: secondsOf(file) };
  const rejects = rowsRejected === 0 ? [] : [`rejected: ${reasonsOf(file.rejectsByReason)}`];
  if (isKnown) return { ...rows, ...nothingDone, status: 'loaded before', tone: 'known', notes: [] };
  switch (file.status) {
    case 'loaded':
      return { ...rows, status: 'loaded', tone: 'good', notes: rejects };
    case 'duplicate': {
      const notes = [`the same bytes were loaded before, as file ${file.duplicateOf}`];
      return { ...rows, ...nothingDone, status: 'loaded before', tone: 'known', notes };
    }
    case 'failed':
      return { ...rows, status: 'failed', tone: 'bad', notes: [`${file.errorMessage} (${file.errorCode})`] };
    case 'held':
      return { ...rows, status: 'held', tone: 'warning', notes: [...rejects, file.errorMessage ?? '', LOAD_ANYWAY] };
    case 'reverted':
      return { ...rows, status: 'taken out', tone: 'warning', notes: ['its rows were taken out again'] };
    case 'queued':
    case 'loading':
      return { ...rows, ...nothingDone, status: 'not done', tone: 'warning', notes: [] };
  }
}

const nothingDone = { rowsLoaded: 0, rowsRejected: 0, seconds: undefined };

/** `missing_value 12, invalid_price 1`, the most frequent first. */
export function reasonsOf(rejectsByReason: Readonly<Record<string, number>>): string {
  return Object.entries(rejectsByReason)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, rows]) => `${reason} ${grouped(rows)}`)
    .join(', ');
}

function secondsOf({ startedAt, finishedAt }: SourceFileRow): number | undefined {
  if (startedAt === null || finishedAt === null) return undefined;
  return Math.max(0, (finishedAt.getTime() - startedAt.getTime()) / 1000);
}
