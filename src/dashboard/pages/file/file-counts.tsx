import type { FileReply } from '../../api/reply-types.ts';
import { rowsInFile } from '../../files/rejected-share.ts';
import { formatCount } from '../../format/numbers.ts';

/** How many rows there are, and what became of them. */
export function FileCounts({ file }: { readonly file: FileReply }) {
  const { rowsLoaded, rowsRejected, rowsCorrected, rowsWithheld, rowsExpired, status } = file;
  return (
    <dl class="counts" aria-label="Rows">
      <Count term="Rows read" value={rowsInFile(file)} />
      <Count term="Loaded" value={rowsLoaded} tone="ok" />
      <Count term="Rejected" value={rowsRejected} tone={rowsRejected > 0 ? 'bad' : undefined} />
      {rowsRejected > 0 ? <Count term="Corrected since" value={rowsCorrected} tone="ok" /> : null}
      {rowsWithheld > 0 ? (
        <Count term={status === 'held' ? 'Held back' : 'Not in the table'} value={rowsWithheld} tone="warn" />
      ) : null}
      {rowsExpired > 0 ? <Count term="Expired since" value={rowsExpired} /> : null}
    </dl>
  );
}

interface CountProps {
  readonly term: string;
  readonly value: number;
  readonly tone?: 'ok' | 'bad' | 'warn' | undefined;
}

function Count({ term, value, tone }: CountProps) {
  return (
    <div class="count">
      <dt>{term}</dt>
      <dd class={tone === undefined || value === 0 ? '' : `text-${tone}`}>{formatCount(value)}</dd>
    </div>
  );
}
