import { drizzle } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { newLoadClient } from '../database/client.ts';
import { hasDatabase, openDatabaseServer } from '../database/open-server.ts';
import { assertSchemaIsCurrent } from '../database/schema-version.ts';
import { rebuildTotals } from '../ingest/totals/rebuild-totals.ts';
import { OpenResources } from '../open-resources.ts';
import { verifyDatabase } from '../verify/verify-database.ts';
import { VerifyReport } from './verify-report.ts';

const INTERRUPTED = 130;

/** Checks the whole database, beside whatever else uses it. */
export class VerifyCommand {
  readonly #config: Config;
  readonly #log: Logger;
  readonly #resources: OpenResources;
  readonly #interrupted = new AbortController();
  #client: pg.Client | undefined;

  constructor(config: Config, log: Logger) {
    this.#config = config;
    this.#log = log;
    this.#resources = new OpenResources(log);
  }

  /** With a query under way this closes the socket at once, and the server ends what it does for it. */
  interrupt(): void {
    this.#interrupted.abort();
    void this.#client?.end();
  }

  /**
   * Returns the exit code: 0 when everything agrees, 1 on any difference, 130 when interrupted.
   * @throws where nothing was checked: no database, or tables of another version
   */
  async run({ rebuild }: { readonly rebuild: boolean }): Promise<number> {
    const report = new VerifyReport();
    try {
      const client = await this.#connect();
      const database = drizzle(client);
      await assertSchemaIsCurrent(database);
      if (rebuild) {
        this.#interrupted.signal.throwIfAborted();
        report.stage('making the totals anew');
        await rebuildTotals(database);
        report.rebuilt();
      }
      const verification = await verifyDatabase(database, (stage) => {
        this.#interrupted.signal.throwIfAborted();
        report.stage(`checking ${stage}`);
      });
      return report.end(verification) ? 0 : 1;
    } catch (error) {
      report.clear();
      if (!this.#interrupted.signal.aborted) throw error;
      process.stdout.write('Interrupted.\n');
      return INTERRUPTED;
    } finally {
      await this.#resources.close();
    }
  }

  async #connect(): Promise<pg.Client> {
    // To look at what is there must not make it.
    if (!(await hasDatabase(this.#config)))
      throw new Error(`There is no database in ${this.#config.DATA_DIR} yet, and DATABASE_URL is not set`);
    const { connectionString } = await openDatabaseServer(this.#config, this.#log, this.#resources);
    this.#interrupted.signal.throwIfAborted();
    const client = newLoadClient(connectionString, 'sluice-verify');
    this.#resources.add('database connection', () => client.end());
    this.#client = client;
    await client.connect();
    return client;
  }
}
