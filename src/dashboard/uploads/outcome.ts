import type { FileReply } from '../api/reply-types.ts';
import { isDiscarded, rejectsInWords } from '../files/rejected-share.ts';
import { formatCounted } from '../format/numbers.ts';

/** What became of a file, in a sentence that begins with its name. */
export function outcomeInWords(file: FileReply): string {
  return `${file.name}: ${file.status === 'failed' ? 'failed: ' : ''}${resultInWords(file)}`;
}

/** The same without the name. */
export function resultInWords(file: FileReply): string {
  switch (file.status) {
    case 'queued':
      return 'waiting to be loaded';
    case 'loading':
      return 'being loaded';
    case 'loaded':
      return `${formatCounted(file.rowsLoaded, 'row')} loaded${rejected(file.rowsRejected)}`;
    case 'failed':
      return file.error?.message ?? 'failed for no reason that was noted';
    case 'duplicate':
      return `the same bytes are loaded already, as file ${file.duplicateOf ?? '?'}`;
    case 'held':
      return rejectsInWords(file);
    case 'reverted':
      return isDiscarded(file) ? 'discarded: none of its rows is loaded' : 'its rows were taken out again';
  }
}

function rejected(rows: number): string {
  return rows === 0 ? '' : `, ${formatCounted(rows, 'row')} rejected`;
}
