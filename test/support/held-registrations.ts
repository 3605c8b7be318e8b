import pg from 'pg';
import type { TestDatabase } from './postgres.ts';

/** As in `register-files.ts`: the lock that all registrations of a database take, one after the other. */
const REGISTRATION_LOCK = 0x736c7563_0001n;

/** Holds every registration of a database: what is found in the folder does not get into the ledger. */
export class HeldRegistrations {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async hold(database: TestDatabase): Promise<HeldRegistrations> {
    const client = new pg.Client({ connectionString: database.connectionString, application_name: 'test-hold' });
    // A test that fails drops the database under it.
    client.on('error', () => {});
    await client.connect();
    await client.query('select pg_advisory_lock($1)', [REGISTRATION_LOCK]);
    return new HeldRegistrations(client);
  }

  async release(): Promise<void> {
    await this.#client.end().catch(() => {});
  }
}
