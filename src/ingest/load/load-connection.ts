import { drizzle } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import { newLoadClient, type Queryable } from '../../database/client.ts';
import { SilenceLimit } from './silence-limit.ts';

/** For how long the server may say nothing before it is taken for lost, in milliseconds. */
export interface AllowedSilence {
  /** between two files */
  readonly idle: number;
  /** more than the `statement_timeout` of a load: a server that lives has the last word */
  readonly statement: number;
  /** taking out the rows of a file lasts as long as it has rows */
  readonly deletion: number;
}

const ALLOWED_SILENCE: AllowedSilence = { idle: 30_000, statement: 65_000, deletion: 3_600_000 };

/** The one database connection of a worker: opened when needed, thrown away after any error in mid-transaction. */
export class LoadConnection {
  readonly #connectionString: string;
  readonly #applicationName: `sluice${string}`;
  readonly #allowed: AllowedSilence;
  #open: { readonly client: pg.Client; readonly silence: SilenceLimit } | undefined;

  constructor(connectionString: string, applicationName: `sluice${string}`, allowed = ALLOWED_SILENCE) {
    this.#connectionString = connectionString;
    this.#applicationName = applicationName;
    this.#allowed = allowed;
  }

  async client(): Promise<pg.Client> {
    this.#open ??= await this.#connect();
    const { client, silence } = this.#open;
    silence.allow(this.#allowed.statement);
    return client;
  }

  async database(): Promise<Queryable> {
    const client = await this.client();
    const silence = this.#open?.silence;
    const logQuery = (sql: string) =>
      silence?.allow(sql.startsWith('delete') ? this.#allowed.deletion : this.#allowed.statement);
    return drizzle(client, { logger: { logQuery } });
  }

  /** Nothing will be asked for a while: an idle connection is not kept for long, since its loss might not show. */
  rest(): void {
    this.#open?.silence.rest(this.#allowed.idle);
  }

  /** Closes the connection without a word to the server, which rolls back what was open. */
  discard(): void {
    // With a query under way, end() destroys the socket at once; its promise is of no interest then.
    this.close().catch(() => {});
  }

  async close(): Promise<void> {
    const client = this.#open?.client;
    this.#open = undefined;
    await client?.end();
  }

  async #connect() {
    const client = newLoadClient(this.#connectionString, this.#applicationName);
    await client.connect();
    const forget = () => {
      if (this.#open?.client === client) this.#open = undefined;
    };
    client.once('end', forget);
    client.once('error', forget);
    return { client, silence: new SilenceLimit(client) };
  }
}
