import { drizzle } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import { newLoadClient, type Queryable } from '../../database/client.ts';
import { ConnectError } from '../../database/database-error.ts';
import { SilenceLimit } from './silence-limit.ts';

/** For how long the server may say nothing before it is taken for lost, in milliseconds. */
export interface AllowedSilence {
  /** between two files */
  readonly idle: number;
  /** more than the `lock_timeout` of a load: a server that lives has the last word */
  readonly statement: number;
  /** in all, to take out the rows of a file, which lasts as long as it has rows; each `statement` ms the server is asked whether it works */
  readonly deletion: number;
}

/** For the question how a statement gets on. */
const ANSWER_MS = 5000;

/** What takes out the rows of a file, or closes the rejects that they correct: both last as long as there are rows. */
const LASTING = /^\s*(?:delete|with)\b/;

const ALLOWED_SILENCE: AllowedSilence = { idle: 30_000, statement: 30_000, deletion: 3_600_000 };

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
    return this.watched(await this.client());
  }

  /** For a client of this connection that is in a transaction: taking rows out may last. */
  watched(client: pg.Client): Queryable {
    const silence = this.#open?.silence;
    const { statement, deletion } = this.#allowed;
    const logQuery = (sql: string) => silence?.allow(statement, LASTING.test(sql) ? deletion : 0);
    return drizzle(client, { logger: { logQuery } });
  }

  /** A COPY begins, whose writer watches it by itself: rows that are under way may be taken for long without an answer. */
  copyBegins(): void {
    this.#open?.silence.allow(this.#allowed.deletion);
  }

  copyEnds(): void {
    this.#open?.silence.allow(this.#allowed.statement);
  }

  /**
   * How many bytes of its COPY the server has taken, asked over another connection; undefined where it does not say.
   * https://www.postgresql.org/docs/current/progress-reporting.html#COPY-PROGRESS-REPORTING
   */
  async copiedBytes(client: pg.Client): Promise<number | undefined> {
    const progress = 'select bytes_processed::float8 as bytes from pg_stat_progress_copy where pid = $1';
    return (await this.#askAbout<{ bytes: number }>(client, progress))?.bytes;
  }

  /** Over another connection, which a server or a line that is gone does not answer. */
  async #askAbout<Row extends pg.QueryResultRow>(client: pg.Client, question: string): Promise<Row | undefined> {
    // As the server said it in the beginning; the types of node-postgres do not know it.
    const backend = 'processID' in client ? client.processID : undefined;
    const asking = newLoadClient(this.#connectionString, 'sluice-progress');
    const patience = setTimeout(() => void asking.end().catch(() => {}), ANSWER_MS);
    try {
      await asking.connect();
      return (await asking.query<Row>(question, [backend])).rows[0];
    } finally {
      clearTimeout(patience);
      // Nobody waits for its goodbye.
      asking.end().catch(() => {});
    }
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
    await client.connect().catch((cause: Error) => {
      throw new ConnectError(cause);
    });
    const forget = () => {
      if (this.#open?.client === client) this.#open = undefined;
    };
    client.once('end', forget);
    client.once('error', forget);
    const active = `select 1 from pg_stat_activity where pid = $1 and state = 'active'`;
    const isAtWork = async () => (await this.#askAbout(client, active)) !== undefined;
    return { client, silence: new SilenceLimit(client, isAtWork) };
  }
}
