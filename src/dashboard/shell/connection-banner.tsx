import type { ComponentChildren } from 'preact';
import type { Connection } from '../api/connection.ts';
import { liveEvents } from '../api/live-events.ts';
import type { Health } from '../api/reply-types.ts';
import { Icon } from '../components/icon.tsx';
import { formatExact } from '../format/moments.ts';
import { useNow } from '../state/use-now.ts';
import { useStore } from '../state/use-store.ts';
import { health } from './health.ts';

/** Says what is away and what happens next, for as long as something is. */
export function ConnectionBanner() {
  const connection = useStore(liveEvents.connection);
  const { database } = useStore(health) ?? {};
  // The region is always there: screen readers tell what changes in one, not that one has appeared.
  return (
    <div class="banners" role="status">
      {connection.phase === 'waiting' ? <Disconnected connection={connection} /> : <DatabaseAway database={database} />}
    </div>
  );
}

function Disconnected({ connection }: { readonly connection: Extract<Connection, { phase: 'waiting' }> }) {
  const seconds = Math.ceil((connection.retryAt - useNow(500)) / 1000);
  return (
    <div class="banner bad">
      <Icon name="unplugged" />
      {connection.refusal === undefined ? (
        <Loss title="Sluice does not answer.">
          If it was stopped, start it again: <code>npm start</code>.
        </Loss>
      ) : (
        <Loss title="There are no live updates.">{connection.refusal.message}</Loss>
      )}
      {/* A countdown that is read out each second would drown everything else. */}
      <span class="banner-countdown" aria-hidden="true">
        {seconds > 0 ? `retrying in ${seconds} s` : 'retrying …'}
      </span>
      <button type="button" class="button" onClick={() => liveEvents.retryNow()}>
        Retry now
      </button>
    </div>
  );
}

function Loss({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  const { heardAt } = liveEvents;
  return (
    <p>
      <strong>{title}</strong>{' '}
      {heardAt === undefined ? null : `What you see is as of ${formatExact(new Date(heardAt).toISOString())}. `}
      {children}
    </p>
  );
}

function DatabaseAway({ database }: { readonly database: Health['database'] | undefined }) {
  if (database === undefined || database === 'ok') return null;
  return (
    <div class="banner warn">
      <Icon name="database" />
      <p>
        {database === 'starting' ? (
          <>
            <strong>The database is starting.</strong> Files are loaded as soon as it is ready.
          </>
        ) : (
          <>
            <strong>The database is away.</strong> Nothing is lost: files wait in the folder and are loaded when it is
            back. Uploads wait in this page, and are sent then.
          </>
        )}
      </p>
    </div>
  );
}
