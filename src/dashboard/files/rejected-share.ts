import type { FileReply } from '../api/reply-types.ts';
import { formatCount, formatCounted, formatPercent } from '../format/numbers.ts';

/** All rows that were found in a file; `rowsRead` has only those that are loaded or rejected. */
export const rowsInFile = ({ rowsRead, rowsWithheld }: FileReply): number => rowsRead + rowsWithheld;

/** Whether it was held, and then discarded: its rows have never been in the table. One that was released has no error any more. */
export const isDiscarded = ({ status, error }: FileReply): boolean =>
  status === 'reverted' && error?.code === 'too_many_rejects';

/** Why it is held. The server's own words name calls of the API, which are of no use where buttons are. */
export function rejectsInWords(file: FileReply): string {
  const { rowsRejected, maxRejectPercent } = file;
  const rows = rowsInFile(file);
  const share = rows === 0 ? '' : ` (${formatPercent(rowsRejected / rows)})`;
  const limit = maxRejectPercent === null ? 'is allowed' : `the ${maxRejectPercent}% that are allowed`;
  return `${formatCount(rowsRejected)} of ${formatCounted(rows, 'row')}${share} are rejected, more than ${limit}: none of its rows is loaded.`;
}
