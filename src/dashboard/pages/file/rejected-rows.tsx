import { useId, useState } from 'preact/hooks';
import type { FileReply } from '../../api/reply-types.ts';
import { ErrorState } from '../../components/error-state.tsx';
import { Pager } from '../../components/pager.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { formatCount } from '../../format/numbers.ts';
import { reasonWords } from '../../rejects/reason-words.ts';
import { useKept } from '../../state/use-kept.ts';
import { useResource } from '../../state/use-resource.ts';
import { listRejects } from './list-rejects.ts';
import { RejectTable } from './reject-table.tsx';

const ROWS_PER_PAGE = 50;

export interface RejectedRowsProps {
  readonly file: FileReply;
  /** empty: all */
  readonly reason: string;
  onReason(reason: string): void;
}

/** Where somebody is in the rows of one reason. */
interface Place {
  readonly reason: string;
  /** where each page begins, up to the one that is shown */
  readonly cursors: readonly (string | undefined)[];
}

/** The rejected rows of a file, page by page, each with what is wrong and where. */
export function RejectedRows({ file, reason, onReason }: RejectedRowsProps) {
  const [place, setPlace] = useState<Place>({ reason, cursors: [undefined] });
  // A cursor belongs to its reason: under another one it is not even asked with.
  const cursors = place.reason === reason ? place.cursors : [undefined];
  const cursor = cursors.at(-1);
  const before = (cursors.length - 1) * ROWS_PER_PAGE;
  const rows = useResource(
    async (signal) => {
      const page = await listRejects(file.fileId, { reason, cursor, limit: ROWS_PER_PAGE }, signal);
      return { ...page, before };
    },
    [file.fileId, reason, cursor, file.rowsCorrected, file.rowsRejected, file.status],
  );
  const shown = useKept(rows.value);
  const titleId = useId();
  const next = shown?.nextCursor ?? null;
  const turnTo = (cursors: Place['cursors']) => setPlace({ reason, cursors });
  return (
    <section class="card" aria-labelledby={titleId} aria-busy={rows.isLoading}>
      <div class="card-head">
        <h2 id={titleId}>Rejected rows</h2>
        <ReasonFilter file={file} reason={reason} onReason={onReason} />
      </div>
      {rows.error === undefined ? null : <ErrorState error={rows.error} onRetry={rows.reload} />}
      {shown === undefined ? (
        rows.error === undefined && <Skeleton lines={6} label="Reading rejected rows" />
      ) : (
        <RejectTable rejects={shown.data} />
      )}
      <Pager
        onPrevious={cursors.length > 1 ? () => turnTo(cursors.slice(0, -1)) : undefined}
        onNext={next === null || rows.value === undefined ? undefined : () => turnTo([...cursors, next])}
      >
        {shown === undefined ? '' : rangeInWords(shown.before, shown.data.length, totalOf(file, reason))}
      </Pager>
    </section>
  );
}

const rangeInWords = (before: number, count: number, total: number): string =>
  count === 0
    ? 'No such row'
    : `Rows ${formatCount(before + 1)} to ${formatCount(before + count)} of ${formatCount(total)}`;

const totalOf = (file: FileReply, reason: string): number =>
  reason === '' ? file.rowsRejected : (file.rejectsByReason[reason] ?? 0);

function ReasonFilter({ file, reason, onReason }: RejectedRowsProps) {
  const selectId = useId();
  const reasons = Object.entries(file.rejectsByReason);
  if (reasons.length < 2) return null;
  return (
    <div class="inline-field">
      <label for={selectId}>Reason</label>
      <select id={selectId} value={reason} onChange={(event) => onReason(event.currentTarget.value)}>
        <option value="">all ({formatCount(file.rowsRejected)})</option>
        {reasons.map(([name, rows]) => (
          <option key={name} value={name}>
            {reasonWords(name)} ({formatCount(rows)})
          </option>
        ))}
      </select>
    </div>
  );
}
