import { Link } from 'wouter-preact';
import type { FileReply } from '../../api/reply-types.ts';
import { Icon } from '../../components/icon.tsx';
import { formatCounted } from '../../format/numbers.ts';
import { adviceFor } from './advice.ts';

/** What stands above all else on the page of a file that is not simply loaded: what happened, and what to do. */
export function FileNotice({ file }: { readonly file: FileReply }) {
  const { error, status, duplicateOf, rowsWithheld } = file;
  if (status === 'reverted') {
    return (
      <div class="notice calm">
        <Icon name="undo" />
        <p>
          {formatCounted(rowsWithheld, 'row')} of this file {rowsWithheld === 1 ? 'is' : 'are'} not in the table.
          Deliver the same file again to load {rowsWithheld === 1 ? 'it' : 'them'}.
        </p>
      </div>
    );
  }
  if (status === 'duplicate' && duplicateOf !== null) {
    return (
      <div class="notice calm">
        <Icon name="copies" />
        <p>
          These bytes are loaded already, as <Link href={`/files/${duplicateOf}`}>file {duplicateOf}</Link>. No row was
          loaded twice, and there is nothing to do.
        </p>
      </div>
    );
  }
  if (error === null) return null;
  const advice = adviceFor(error.code);
  return (
    <div class={`notice ${status === 'held' ? 'warn' : 'bad'}`}>
      <Icon name={status === 'held' ? 'pause' : 'alert'} />
      <div>
        <p class="notice-title">{error.message}</p>
        {advice === undefined ? null : <p>{advice}</p>}
        <p class="small muted">
          <code>{error.code}</code>
        </p>
      </div>
    </div>
  );
}
