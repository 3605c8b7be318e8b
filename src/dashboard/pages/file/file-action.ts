import type { FileReply } from '../../api/reply-types.ts';
import type { IconName } from '../../components/icon-paths.ts';
import { formatCount, formatCounted } from '../../format/numbers.ts';

/** Something that can be done with a file, in the words in which it is asked about. */
export interface FileAction {
  readonly label: string;
  readonly icon: IconName;
  readonly tone: 'primary' | 'danger' | '';
  readonly method: 'POST' | 'DELETE';
  /** behind the address of the file */
  readonly path: '' | '/release' | '/retry';
  readonly question: string;
  /** what happens, a sentence each */
  readonly consequences: readonly string[];
  readonly confirm: string;
  readonly running: string;
  readonly done: string;
}

/** What can be done with a file in the state that it is in; in most states nothing. */
export function actionsFor(file: FileReply): readonly FileAction[] {
  switch (file.status) {
    case 'loaded':
      return [undo(file)];
    case 'held':
      return [release(file), discard(file)];
    case 'failed':
      return [retry(file)];
    case 'queued':
    case 'loading':
    case 'duplicate':
    case 'reverted':
      return [];
  }
}

const REJECTS_STAY = 'Its rejected rows stay listed here.';

function undo(file: FileReply): FileAction {
  const { name, rowsLoaded, rowsExpired, rowsRejected } = file;
  const rowsThere = rowsLoaded - rowsExpired;
  if (rowsThere === 0) return undoNothing(file);
  const rows = formatCounted(rowsThere, 'row');
  return {
    label: `Undo: take ${rows} out`,
    icon: 'undo',
    tone: 'danger',
    method: 'DELETE',
    path: '',
    question: `Take ${name} out again?`,
    consequences: [
      `${rows} ${rowsThere === 1 ? 'leaves' : 'leave'} the table, all at once. Rows of other files stay.`,
      ...(rowsRejected > 0 ? [REJECTS_STAY] : []),
      'The file itself is not touched, and may be loaded again later.',
    ],
    confirm: `Take ${rows} out`,
    running: `Taking ${rows} out …`,
    done: `${rows} taken out`,
  };
}

/** All of its rows are rejected, or have expired. As long as it counts as loaded, the same bytes are a duplicate. */
function undoNothing({ name, rowsRejected }: FileReply): FileAction {
  return {
    label: 'Undo: let it come again',
    icon: 'undo',
    tone: '',
    method: 'DELETE',
    path: '',
    question: `Undo the load of ${name}?`,
    consequences: [
      'No row of it is in the table, so the table stays as it is.',
      ...(rowsRejected > 0 ? [REJECTS_STAY] : []),
      'The same file may be delivered and loaded again; now it would be a duplicate.',
    ],
    confirm: 'Undo the load',
    running: 'Undoing the load …',
    done: 'The load is undone',
  };
}

function release({ name, rowsWithheld, rowsRejected }: FileReply): FileAction {
  const rows = formatCounted(rowsWithheld, 'row');
  return {
    label: `Release: load ${rows}`,
    icon: 'check',
    tone: 'primary',
    method: 'POST',
    path: '/release',
    question: `Load ${name} all the same?`,
    consequences: [
      `${rows} ${rowsWithheld === 1 ? 'is' : 'are'} loaded into the table.`,
      `The ${formatCounted(rowsRejected, 'rejected row')} ${rowsRejected === 1 ? 'stays' : 'stay'} rejected, and can be corrected here.`,
    ],
    confirm: `Load ${rows}`,
    running: 'Releasing …',
    done: 'Released: it is loaded now',
  };
}

function discard({ name, rowsWithheld }: FileReply): FileAction {
  return {
    label: 'Discard',
    icon: 'close',
    tone: 'danger',
    method: 'DELETE',
    path: '',
    question: `Discard ${name}?`,
    consequences: [
      `None of its ${formatCount(rowsWithheld)} clean rows is loaded. The table stays as it is.`,
      REJECTS_STAY,
      'The file itself is not touched, and may be delivered again later.',
    ],
    confirm: 'Discard it',
    running: 'Discarding …',
    done: 'Discarded',
  };
}

function retry({ name }: FileReply): FileAction {
  return {
    label: 'Retry',
    icon: 'loading',
    tone: 'primary',
    method: 'POST',
    path: '/retry',
    question: `Try to load ${name} again?`,
    consequences: ['It is read from its beginning. As long as nothing has changed, it may fail in the same way.'],
    confirm: 'Try again',
    running: 'Queueing …',
    done: 'Queued: it is tried again',
  };
}
