import { useEffect, useId, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { FileReply, RejectReply } from '../../api/reply-types.ts';
import { ErrorState } from '../../components/error-state.tsx';
import { Icon } from '../../components/icon.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { formatCount, formatCounted } from '../../format/numbers.ts';
import { RawRecord } from '../../rejects/raw-record.tsx';
import { reasonWords } from '../../rejects/reason-words.ts';
import { useResource } from '../../state/use-resource.ts';
import { listRejects } from './list-rejects.ts';

const ROWS_PER_PAGE = 50;

export interface RejectedRowsProps {
  readonly file: FileReply;
  /** empty: all */
  readonly reason: string;
  onReason(reason: string): void;
}

/** The rejected rows of a file, page by page, each with what is wrong and where. */
export function RejectedRows({ file, reason, onReason }: RejectedRowsProps) {
  /** where each page begins, up to the one that is shown */
  const [cursors, setCursors] = useState<readonly (string | undefined)[]>([undefined]);
  useEffect(() => setCursors([undefined]), [reason]);
  const cursor = cursors.at(-1);
  const rows = useResource(
    (signal) => listRejects(file.fileId, { reason, cursor, limit: ROWS_PER_PAGE }, signal),
    [file.fileId, reason, cursor],
  );
  const { reload } = rows;
  useEffect(reload, [reload, file.rowsCorrected, file.rowsRejected, file.status]);
  const titleId = useId();
  const first = (cursors.length - 1) * ROWS_PER_PAGE;
  const next = rows.value?.nextCursor ?? null;
  return (
    <section class="card" aria-labelledby={titleId}>
      <div class="card-head">
        <h2 id={titleId}>Rejected rows</h2>
        <ReasonFilter file={file} reason={reason} onReason={onReason} />
      </div>
      {rows.error === undefined ? null : <ErrorState error={rows.error} onRetry={reload} />}
      {rows.value === undefined
        ? rows.error === undefined && <Skeleton lines={6} label="Reading rejected rows" />
        : null}
      {rows.value === undefined ? null : <RejectTable rejects={rows.value.data} />}
      <div class="pager">
        <p class="muted small" role="status">
          {rows.value === undefined || rows.value.data.length === 0
            ? 'No such row'
            : `Rows ${formatCount(first + 1)} to ${formatCount(first + rows.value.data.length)} of ${formatCount(totalOf(file, reason))}`}
        </p>
        <button
          type="button"
          class="button"
          disabled={cursors.length === 1}
          onClick={() => setCursors(cursors.slice(0, -1))}
        >
          Previous
        </button>
        <button
          type="button"
          class="button"
          disabled={next === null}
          onClick={() => next !== null && setCursors([...cursors, next])}
        >
          Next
        </button>
      </div>
    </section>
  );
}

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

function RejectTable({ rejects }: { readonly rejects: readonly RejectReply[] }) {
  return (
    <table class="table stacked-table reject-table">
      <caption class="visually-hidden">
        {formatCounted(rejects.length, 'rejected row')}, in the order of their lines
      </caption>
      <thead>
        <tr>
          <th scope="col" class="number">
            Line
          </th>
          <th scope="col">Problem</th>
          <th scope="col">Row as it stands in the file</th>
        </tr>
      </thead>
      <tbody>
        {rejects.map((reject) => (
          <tr key={reject.lineNumber} class={reject.correctedBy === null ? '' : 'is-corrected'}>
            <td class="number">
              <span class="narrow-only">line </span>
              {reject.lineNumber}
            </td>
            <td>
              <p class="reject-reason">
                {reasonWords(reject.reason)}
                {reject.column === null ? null : (
                  <>
                    {' '}
                    in <code>{reject.column}</code>
                  </>
                )}
              </p>
              <p class="muted small">{reject.message}</p>
              {reject.correctedBy === null ? null : <Corrected by={reject.correctedBy} />}
            </td>
            <td>
              <RawRecord raw={reject.raw} span={reject.rawSpan} isCut={reject.rawTruncated} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Corrected({ by }: { readonly by: number }) {
  return (
    <p class="badge tone-ok">
      <Icon name="check" />
      <span>
        corrected by <Link href={`/files/${by}`}>file {by}</Link>
      </span>
    </p>
  );
}
