import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { Config } from '../config.ts';
import type { Database, Queryable } from '../database/client.ts';
import type { FileChecker } from '../ingest/check/file-checker.ts';
import type { FileEvents } from '../ingest/file-events.ts';
import type { IngestQueue } from '../ingest/ingest-queue.ts';
import type { RowRemovals } from '../ingest/row-removals.ts';
import type { UploadSpool } from '../ingest/sources/upload-spool.ts';
import type { WatchedDirectory } from '../ingest/sources/watched-directory.ts';
import type { Health } from '../monitoring/health.ts';
import type { Metrics } from '../monitoring/metrics.ts';

/** What the routes work with. */
export interface Services {
  readonly config: Config;
  readonly database: Queryable;
  /** connections of their own for slow reads of all events, so that nothing else waits for them */
  readonly analyticsDatabase: Database;
  readonly queue: Pick<IngestQueue, 'announce' | 'wake'>;
  readonly removals: Pick<RowRemovals, 'revert' | 'release'>;
  readonly spool: UploadSpool;
  readonly checker: Pick<FileChecker, 'withThread'>;
  readonly events: FileEvents;
  readonly watcher: Pick<WatchedDirectory, 'directory' | 'state' | 'unchangedMs'>;
  readonly health: Health;
  readonly metrics: Metrics;
}

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;
