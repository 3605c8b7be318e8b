import { formatBytes } from '../../format/bytes.ts';
import { formatCounted } from '../../format/numbers.ts';
import { type Dropped, LEFT_OUT, NO_FILE } from '../../uploads/folder-files.ts';

const SHOWN_NAMES = 3;

/** Says which files were chosen, and how many of a folder were not taken. */
export function chosenText(chosen: Dropped | undefined): string {
  if (chosen === undefined) return 'Nothing chosen yet. You can also drop files here.';
  const { files, leftOut } = chosen;
  if (files.length === 0) return `Nothing chosen. ${leftOut === 0 ? NO_FILE : LEFT_OUT}`;
  const total = files.reduce((bytes, { size }) => bytes + size, 0);
  const names = files.slice(0, SHOWN_NAMES).map(({ name }) => name);
  const rest = files.length - names.length;
  const list = rest === 0 ? names.join(', ') : `${names.join(', ')} and ${formatCounted(rest, 'other file')}`;
  const others = leftOut === 0 ? '' : `. ${formatCounted(leftOut, 'other file')} of the folder: ${LEFT_OUT}`;
  return `${list} (${formatBytes(total)})${others}`;
}
