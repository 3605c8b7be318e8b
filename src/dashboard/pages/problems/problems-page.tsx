import { useState } from 'preact/hooks';
import { callJson } from '../../api/client.ts';
import type { Page, RejectCluster } from '../../api/reply-types.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { PageHead } from '../../components/page-head.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { useCalmReload } from '../../state/use-calm-reload.ts';
import { useResource } from '../../state/use-resource.ts';
import { ProblemTable } from './problem-table.tsx';

const SOME = 25;
const MANY = 500;

/** The rejected rows of all files as what they come down to: a few problems, the most frequent first. */
export function ProblemsPage() {
  const [limit, setLimit] = useState(SOME);
  const problems = useResource(
    (signal) => callJson<Page<RejectCluster>>('ingestion/rejects/summary', { query: { limit }, signal }),
    [limit],
  );
  useCalmReload(problems);
  const { value, error, isLoading, reload } = problems;
  return (
    <>
      <PageHead title="Problems" />
      <p class="muted">
        Rejected rows that are alike in reason, column and shape of the value, over all files. In a shape, letters are{' '}
        <code>A</code> and <code>a</code>, digits <code>9</code>, and <code>+</code> says that there are several.
      </p>
      {error === undefined ? null : <ErrorState error={error} onRetry={reload} />}
      {value === undefined ? error === undefined && <Skeleton lines={8} label="Reading problems" /> : null}
      {value?.data.length === 0 ? (
        <EmptyState icon="check" title="No row was rejected">
          Once a file has rows that can't be loaded, what is wrong with them is gathered here.
        </EmptyState>
      ) : null}
      {value === undefined || value.data.length === 0 ? null : (
        <section class="card" aria-label="Problems" aria-busy={isLoading}>
          <ProblemTable problems={value.data} />
          {value.nextCursor !== null && limit === SOME ? (
            <button type="button" class="button" onClick={() => setLimit(MANY)}>
              Show up to {MANY}
            </button>
          ) : null}
        </section>
      )}
    </>
  );
}
