import { Type } from '@sinclair/typebox';
import { CALM_STATS, GOOD_HEALTH } from './examples.ts';
import { Count, counted, Instant, nullable, oneOf } from './shared.ts';

const WatcherState = oneOf(['watching', 'rescan-only', 'unavailable'], {
  description:
    'of the input folder: `rescan-only` where the system does not tell of changes, so that it is looked through now and then; `unavailable` while it can not be read',
});

export const StatsSchema = Type.Object(
  {
    files: Type.Object(
      {
        queued: Count,
        loading: Count,
        loaded: Count,
        failed: Count,
        duplicate: Count,
        held: Count,
        reverted: Count,
      },
      { description: 'by the `status` of a File' },
    ),
    rows: Type.Object({ read: Count, loaded: Count, rejected: Count }, { description: 'of all files together' }),
    rejectsByReason: Type.Record(Type.String(), Count, { description: 'rejected rows by the `reason` of a Reject' }),
    throughput: Type.Object({ rowsPerSecond: Count, bytesPerSecond: Count }, { description: 'of the last 60 s' }),
    lag: Type.Object(
      { queuedFiles: Count, oldestQueuedSeconds: Type.Number({ minimum: 0 }) },
      { description: 'what waits, and for how long' },
    ),
    latency: Type.Object({ p50Ms: Count, p95Ms: Count }, { description: 'from discovery to commit, of recent files' }),
    lastLoadedAt: nullable(Instant, { description: 'when a file was last loaded' }),
    watcher: Type.Object({ directory: Type.String({ description: 'the input folder' }), state: WatcherState }),
  },
  { $id: 'Stats', description: 'Totals, rates, lag and latency.', examples: [CALM_STATS] },
);

export const HealthSchema = Type.Object(
  {
    status: oneOf(['ok', 'unavailable'], { description: '`ok` where the database is' }),
    database: oneOf(['ok', 'starting', 'unavailable']),
    watcher: WatcherState,
    version: Type.String(),
    uptimeSeconds: counted('of the process'),
  },
  { $id: 'Health', description: 'Whether the service works.', examples: [GOOD_HEALTH] },
);
