import { drizzle, type NodePgDatabase, type NodePgQueryResultHKT } from 'drizzle-orm/node-postgres';
import type { PgDatabase } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { ConnectError } from './database-error.ts';

/** What a query needs: a pool, a connection of its own, or an open transaction. */
export type Queryable = PgDatabase<NodePgQueryResultHKT, Record<string, never>>;
export type Database = NodePgDatabase<Record<string, never>> & { $client: pg.Pool };

/** Bounds for every connection of the service; milliseconds. Half-open connections are found by keepalive and by `query_timeout`. */
const CONNECT_TIMEOUT_MS = 5000;
const QUERY_TIMEOUT_MS = 20_000;
/** While no connection can be made, a pool tries so often and no more, however many ask; so a return is noticed as fast. */
const CONNECT_AGAIN_MS = 1000;
/** The system's own delay is two hours. */
const KEEP_ALIVE_DELAY_MS = 10_000;

export interface PoolOptions {
  readonly connectionString: string;
  /** shown in pg_stat_activity; always begins with `sluice`, by which a stopping process sees that others still work */
  readonly applicationName: `sluice${string}`;
  readonly maxConnections: number;
  readonly onError: (error: Error) => void;
}

/**
 * A pool whose lost connections are reported and never end the process: node-postgres emits `error` on idle
 * clients through the pool, and on checked-out ones on the client itself, where nobody would listen.
 */
export function openDatabase(options: PoolOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    application_name: options.applicationName,
    max: options.maxConnections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
    Client: pacedClient(),
  });
  pool.on('error', options.onError);
  pool.on('connect', (client) => client.on('error', options.onError));
  return drizzle(pool);
}

/**
 * A client class for one pool. Once connecting has failed, whoever asks for a connection within a second after the last
 * attempt began gets the error of the last one that failed: requests, polls and probes must not hammer a server that is coming back.
 */
function pacedClient(): typeof pg.Client {
  let failure: ConnectError | undefined;
  let attemptedAt = Number.NEGATIVE_INFINITY;
  let reachedAt = Number.NEGATIVE_INFINITY;
  return class extends pg.Client {
    override connect(): Promise<pg.Client>;
    override connect(done: Connected): void;
    // The pool uses the form with a callback.
    override connect(done?: Connected): Promise<pg.Client> | undefined {
      if (done === undefined) return super.connect();
      const at = performance.now();
      if (failure !== undefined && at - attemptedAt < CONNECT_AGAIN_MS) {
        setImmediate(done as (error: Error) => void, failure);
        return undefined;
      }
      attemptedAt = at;
      super.connect((cause: Error | null) => {
        const error = cause instanceof Error ? new ConnectError(cause) : null;
        if (error === null) {
          failure = undefined;
          reachedAt = performance.now();
        } else if (at >= reachedAt) {
          // One that began before another one succeeded would refuse others a server that is back.
          failure = error;
        }
        (done as (error: Error | null) => void)(error);
      });
      return undefined;
    }
  };
}

/** As node-postgres declares it, which has one word for the two cases: called with an error, or with none. */
type Connected = ((error: Error) => void) | ((error: null, client: pg.Client) => void);

/** A connection of its own, for loading: no query timeout, since a COPY lasts as long as its file. LoadConnection bounds it. */
export function newLoadClient(connectionString: string, applicationName: `sluice${string}`): pg.Client {
  const client = new pg.Client({
    connectionString,
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
  });
  // The failing query itself rejects; without a listener the same loss would end the process as an uncaught error.
  client.on('error', () => {});
  return client;
}
