import { Type } from '@sinclair/typebox';
import { Count, Instant, nullable, oneOf } from './shared.ts';

export const StatsSchema = Type.Object(
  {
    files: Type.Object({
      queued: Count,
      loading: Count,
      loaded: Count,
      failed: Count,
      duplicate: Count,
      held: Count,
      reverted: Count,
    }),
    rows: Type.Object({ read: Count, loaded: Count, rejected: Count }),
    rejectsByReason: Type.Record(Type.String(), Count),
    throughput: Type.Object({ rowsPerSecond: Count, bytesPerSecond: Count }, { description: 'of the last 60 s' }),
    lag: Type.Object({ queuedFiles: Count, oldestQueuedSeconds: Type.Number({ minimum: 0 }) }),
    latency: Type.Object({ p50Ms: Count, p95Ms: Count }, { description: 'from discovery to commit, of recent files' }),
    lastLoadedAt: nullable(Instant),
    watcher: Type.Object({ directory: Type.String(), state: oneOf(['watching', 'rescan-only', 'unavailable']) }),
  },
  { $id: 'Stats' },
);

export const HealthSchema = Type.Object(
  {
    status: oneOf(['ok', 'unavailable']),
    database: oneOf(['ok', 'starting', 'unavailable']),
    watcher: oneOf(['watching', 'rescan-only', 'unavailable']),
    version: Type.String(),
    uptimeSeconds: Count,
  },
  { $id: 'Health' },
);
