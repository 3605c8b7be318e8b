import { useId, useState } from 'preact/hooks';
import { callJson } from '../../api/client.ts';
import type { Page, User } from '../../api/reply-types.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { useCalmReload } from '../../state/use-calm-reload.ts';
import { useResource } from '../../state/use-resource.ts';
import { UserLookUp } from './user-look-up.tsx';
import { UserPlot } from './user-plot.tsx';
import { UserTable } from './user-table.tsx';

const SOME_USERS = 10;
const MANY_USERS = 100;

/** Who does most, and a look-up of any one user. */
export function UsersSection() {
  const [limit, setLimit] = useState(SOME_USERS);
  const users = useResource((signal) => callJson<Page<User>>('analytics/users', { query: { limit }, signal }), [limit]);
  useCalmReload(users);
  const titleId = useId();
  const { value, error, isLoading, reload } = users;
  return (
    <section class="card stack" aria-labelledby={titleId} aria-busy={isLoading}>
      <div class="card-head">
        <h2 id={titleId}>Most active users</h2>
      </div>
      {error === undefined ? null : <ErrorState error={error} onRetry={reload} />}
      {value === undefined ? error === undefined && <Skeleton lines={8} label="Reading users" /> : null}
      {value?.data.length === 0 ? (
        <EmptyState icon="search" title="No event is loaded yet">
          Users appear here with the first file that is loaded.
        </EmptyState>
      ) : null}
      {value === undefined || value.data.length === 0 ? null : (
        <>
          <UserLookUp />
          <UserPlot users={value.data.slice(0, SOME_USERS)} />
          <UserTable users={value.data} title="Users, most events first" />
          {value.nextCursor !== null && limit === SOME_USERS ? (
            <div>
              <button type="button" class="button" onClick={() => setLimit(MANY_USERS)}>
                Show up to {MANY_USERS} users
              </button>
            </div>
          ) : null}
        </>
      )}
    </section>
  );
}
