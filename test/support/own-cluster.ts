import type pg from 'pg';
import type { EmbeddedPostgres } from '../../src/database/embedded/embedded-postgres.ts';
import { EmbeddedPlace, processesBelow } from './embedded-place.ts';
import { eventually } from './eventually.ts';
import { createDatabaseOn, type TestDatabase, withClient } from './postgres.ts';

/** It recovers first; with two cores for ten processes that takes a while. */
const STARTED_WITHIN_MS = 60_000;

/** A PostgreSQL of a test's own, as durable as in use, whose processes may be killed: those of the one that all tests share must not. */
export class OwnCluster {
  readonly #place: EmbeddedPlace;
  readonly #server: EmbeddedPostgres;

  private constructor(place: EmbeddedPlace, server: EmbeddedPostgres) {
    this.#place = place;
    this.#server = server;
  }

  static async start(): Promise<OwnCluster> {
    const place = new EmbeddedPlace();
    try {
      const cluster = new OwnCluster(place, await place.start());
      const durable = await cluster.#ask(`
        select 1 from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'on'`);
      if (durable.length === 3) return cluster;
      throw new Error('what this server commits would not survive: to kill it would prove nothing');
    } catch (error) {
      await place.clear();
      throw error;
    }
  }

  /** An empty database; whoever serves it migrates it. */
  async createDatabase(): Promise<TestDatabase> {
    return await createDatabaseOn(this.#server.connectionString, { migrated: false });
  }

  /** Process ids of Sluice's sessions, those of loaders at work first. */
  async backends(): Promise<number[]> {
    const backends = await this.#ask<{ pid: number }>(`
      select pid from pg_stat_activity where application_name like 'sluice%' and datname like 'test_%'
       order by state = 'active' and application_name like 'sluice-loader%' desc, pid`);
    return backends.map(({ pid }) => pid);
  }

  /** SIGKILL for the postmaster and each of its processes at once, as when a container dies. */
  async kill(): Promise<void> {
    for (const pid of processesBelow(this.#place.directory)) process.kill(pid, 'SIGKILL');
    await eventually(() => {
      if (processesBelow(this.#place.directory).length > 0) throw new Error('some processes of PostgreSQL still live');
    });
  }

  /** SIGKILL for the postmaster alone; its processes notice by themselves. */
  async killPostmaster(): Promise<void> {
    const pid = await this.#place.postmasterPid();
    if (pid === null) throw new Error('there is no postmaster to kill');
    process.kill(pid, 'SIGKILL');
  }

  /** Starts it again, on the same port; it has recovered when this resolves. */
  async restart(): Promise<void> {
    // Asked in the moment of its death it may still be found alive; Sluice itself asks every second.
    await eventually(async () => {
      await this.#server.ensureRunning();
      await withClient(this.#server.connectionString, (client) => client.query('select 1'));
    }, STARTED_WITHIN_MS);
  }

  async clear(): Promise<void> {
    await this.#place.clear();
  }

  async #ask<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> {
    return await withClient(this.#server.connectionString, async (client) => (await client.query<Row>(sql)).rows);
  }
}
