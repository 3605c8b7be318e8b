// What the database says: is everything loaded, and is it right?
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

/** In the order in which the folder of the totals takes them, so that it is not met half way. */
const TOTALS = ['user_deltas', 'purchase_day_deltas', 'user_totals', 'purchase_day_customers', 'purchase_day_totals'];
const TABLES = ['user_events', 'rejected_rows', 'source_files'];
const POLL_MS = 5;
const SLOWEST_POLL_MS = 50;
/** Asking for the state of thousands of files takes a while: it must not become part of the load. */
const PAUSE_PER_QUESTION = 20;
/** Beyond it, to sort all line numbers would take longer than the load. */
const DISTINCT_ROWS = 2_000_000;
const INSUFFICIENT_PRIVILEGE = '42501';

/** The service loaded something else than what was in the files: no time of it means anything. */
export class WrongResultError extends Error {}

/** Files were not loaded when the time was over. */
export class DeadlineError extends Error {
  constructor(loaded, expected, seconds) {
    super(`${loaded} of ${expected} files are loaded after ${Math.round(seconds)} s`);
    this.loaded = loaded;
    this.seconds = seconds;
  }
}

/** One connection to the database of the service. */
export class Ledger {
  checkpoints = true;
  #client;
  #url;

  static async open(url) {
    const ledger = new Ledger();
    ledger.#url = url;
    ledger.#client = new pg.Client({
      connectionString: url,
      application_name: 'bench',
      connectionTimeoutMillis: 10_000,
    });
    // A server that goes away is told by the next query; unheard, the event would end this process.
    ledger.#client.on('error', () => {});
    await ledger.#client.connect();
    return ledger;
  }

  async close() {
    await this.#client.end();
  }

  /** Ends the statement that is under way, which may take minutes; it throws, and the connection can be used on. */
  async cancel() {
    const other = await Ledger.open(this.#url);
    await other.rows('select pg_cancel_backend($1)', [this.#client.processID]).finally(() => other.close());
  }

  async rows(text, values) {
    return (await this.#client.query(text, values)).rows;
  }

  /** Names of the tables of Sluice that hold rows. */
  async tablesInUse() {
    const used = [];
    for (const table of TABLES) {
      const [{ name }] = await this.rows('select to_regclass($1)::text as name', [table]);
      if (name === null) continue;
      const [{ filled }] = await this.rows(`select exists (select 1 from ${table}) as filled`);
      if (filled) used.push(table);
    }
    return used;
  }

  /** Empties the tables, and has what is unwritten written, so that no run pays for the one before it. */
  async clean() {
    await this.truncate([...TOTALS, ...TABLES]);
    await this.checkpoint();
  }

  /** Empties the totals and deltas of the views alone. */
  async cleanTotals() {
    await this.truncate(TOTALS);
  }

  /** Those of the tables that there are: a version of Sluice from before some of them is measured, too. */
  async truncate(tables) {
    const present = await this.rows(
      `select name from unnest($1::text[]) with ordinality as wanted (name, place)
        where to_regclass(name) is not null order by place`,
      [tables],
    );
    await this.rows(`truncate ${present.map(({ name }) => name).join(', ')}`);
  }

  async checkpoint() {
    try {
      await this.rows('checkpoint');
    } catch (error) {
      if (error.code !== INSUFFICIENT_PRIVILEGE) throw error;
      this.checkpoints = false;
    }
  }

  /**
   * Waits until so many files are loaded.
   * @throws WrongResultError where one ends in another way
   * @throws DeadlineError
   */
  async allLoaded(expected, { withinMs, signal }) {
    const start = performance.now();
    for (;;) {
      signal.throwIfAborted();
      const asked = performance.now();
      const [{ loaded, wrong }] = await this.rows(
        `select count(*) filter (where status = 'loaded')::int as loaded,
                min(name || ': ' || status || ' ' || coalesce(error_message, '')) filter (where status in ('failed', 'duplicate')) as wrong
           from source_files`,
      );
      if (wrong !== null) throw new WrongResultError(wrong);
      if (loaded === expected) return;
      const now = performance.now();
      if (now - start > withinMs) throw new DeadlineError(loaded, expected, (now - start) / 1000);
      await delay(Math.min(SLOWEST_POLL_MS, Math.max(POLL_MS, (now - asked) * PAUSE_PER_QUESTION)));
    }
  }

  /**
   * Holds the ledger against the tables and against what was put into the folder: a map of file names to `{ rows, rejected }`.
   * @throws WrongResultError
   */
  async verify(files) {
    const total = [...files.values()].reduce((sum, { rows }) => sum + rows, 0);
    const distinct = total <= DISTINCT_ROWS ? 'count(distinct line_number)::int' : 'count(*)::int';
    const loaded = await this.rows(
      `select f.name, f.status, f.rows_read, f.rows_loaded, f.rows_rejected,
              coalesce(e.events, 0) as events, coalesce(e.lines, 0) as lines, coalesce(r.rejects, 0) as rejects
         from source_files f
         left join (select file_id, count(*)::int as events, ${distinct} as lines from user_events group by 1) e using (file_id)
         left join (select file_id, count(*)::int as rejects from rejected_rows group by 1) r using (file_id)`,
    );
    if (loaded.length !== files.size) throw new WrongResultError(`${files.size} files, ${loaded.length} in the ledger`);
    for (const row of loaded) {
      const expected = files.get(row.name);
      const clean = (expected?.rows ?? 0) - (expected?.rejected ?? 0);
      const isRight =
        row.status === 'loaded' &&
        Number(row.rows_read) === expected?.rows &&
        [Number(row.rows_loaded), row.events, row.lines].every((count) => count === clean) &&
        [Number(row.rows_rejected), row.rejects].every((count) => count === expected.rejected);
      if (!isRight) throw new WrongResultError(`${JSON.stringify(row)} where ${JSON.stringify(expected)} was expected`);
    }
  }

  /** One number for the content of all events, whoever loaded them; ids as Sluice keeps them, times to the millisecond. */
  async contentDigest() {
    const [{ digest }] = await this.rows(
      `select count(*) || '/' || coalesce(sum(hashtextextended(concat_ws(chr(31), upper(btrim(user_id)), event_type,
                extract(epoch from date_trunc('milliseconds', event_timestamp)), upper(btrim(product_id)), product_name,
                product_price, session_id), 0)::numeric), 0) as digest from user_events`,
    );
    return digest;
  }
}
