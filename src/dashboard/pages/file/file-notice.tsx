import type { ComponentChildren } from 'preact';
import { Link } from 'wouter-preact';
import type { FileReply } from '../../api/reply-types.ts';
import { Icon, type IconName } from '../../components/icon.tsx';
import { isDiscarded, rejectsInWords } from '../../files/rejected-share.ts';
import { formatCounted } from '../../format/numbers.ts';
import { adviceFor } from './advice.ts';

/** What stands above all else on the page of a file that is not simply loaded: what happened, and what to do. */
export function FileNotice({ file }: { readonly file: FileReply }) {
  const { error, status, duplicateOf } = file;
  if (status === 'reverted') {
    return <CalmNotice icon={isDiscarded(file) ? 'close' : 'undo'}>{revertedInWords(file)}</CalmNotice>;
  }
  if (status === 'duplicate' && duplicateOf !== null) {
    return (
      <CalmNotice icon="copies">
        These bytes are loaded already, as <Link href={`/files/${duplicateOf}`}>file {duplicateOf}</Link>. No row was
        loaded twice, and there is nothing to do.
      </CalmNotice>
    );
  }
  if (error === null) return null;
  const advice = adviceFor(error.code);
  return (
    <div class={`notice ${status === 'held' ? 'warn' : 'bad'}`}>
      <Icon name={status === 'held' ? 'pause' : 'alert'} />
      <div>
        <p class="notice-title">{status === 'held' ? rejectsInWords(file) : error.message}</p>
        {advice === undefined ? null : <p>{advice}</p>}
        <p class="small muted">
          <code>{error.code}</code>
        </p>
      </div>
    </div>
  );
}

function revertedInWords(file: FileReply): string {
  const { rowsWithheld } = file;
  if (isDiscarded(file)) {
    const rows = formatCounted(rowsWithheld, 'clean row');
    return `It was held for its rejected rows, and discarded: none of its ${rows} has been in the table. Deliver a better one; the same file may come again too.`;
  }
  if (rowsWithheld === 0) return 'Its load was undone. Deliver the same file again to load it once more.';
  const [are, them] = rowsWithheld === 1 ? ['is', 'it'] : ['are', 'them'];
  return `${formatCounted(rowsWithheld, 'row')} of this file ${are} not in the table. Deliver the same file again to load ${them}.`;
}

export function CalmNotice({ icon, children }: { readonly icon: IconName; readonly children: ComponentChildren }) {
  return (
    <div class="notice calm">
      <Icon name={icon} />
      <p>{children}</p>
    </div>
  );
}
