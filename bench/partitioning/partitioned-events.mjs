const SCHEMA = 'partitioning_bench';
const TABLE = `${SCHEMA}.events`;
const YEAR = 2025;
const DAY_MS = 86_400_000;
const DAYS = 365;
const MONTHS = 12;

/** A plain table as `user_events` is, and the same in ranges of `event_timestamp`: `bounds` are the days at which one ends and the next begins. */
export const LAYOUTS = [
  { name: 'plain' },
  {
    name: 'by month, 12',
    bounds: () => Array.from({ length: MONTHS + 1 }, (_, month) => new Date(Date.UTC(YEAR, month))),
  },
  {
    name: 'by day, 365',
    bounds: () => Array.from({ length: DAYS + 1 }, (_, day) => new Date(Date.UTC(YEAR, 0, 1 + day))),
  },
];

/** The year in which all events are. */
export const FIRST_DAY = new Date(Date.UTC(YEAR, 0));
export const YEAR_DAYS = DAYS;

/** A table of events in one of the layouts. */
export class PartitionedEvents {
  table = TABLE;
  /** `{ name, from, to }`; none in a plain table */
  partitions = [];
  #ledger;

  /** Once, before any table is made. */
  static async prepare(ledger) {
    await ledger.rows(`drop schema if exists ${SCHEMA} cascade`);
    await ledger.rows(`create schema ${SCHEMA}`);
  }

  static async drop(ledger) {
    await ledger.rows(`drop schema if exists ${SCHEMA} cascade`);
  }

  /** An empty table; one of before is dropped. */
  static async create(ledger, { bounds }) {
    const events = new PartitionedEvents();
    events.#ledger = ledger;
    await ledger.rows(`drop table if exists ${TABLE}`);
    await ledger.rows(`drop sequence if exists ${SCHEMA}.event_id`);
    // Identity columns of partitioned tables come with PostgreSQL 17: a sequence of one's own does the same in all of them.
    await ledger.rows(`create sequence ${SCHEMA}.event_id cache 1000`);
    const isPlain = bounds === undefined;
    await ledger.rows(
      `create table ${TABLE} (
         like public.user_events including defaults including constraints,
         primary key (${isPlain ? 'event_id' : 'event_id, event_timestamp'})
       ) ${isPlain ? '' : 'partition by range (event_timestamp)'}`,
    );
    await ledger.rows(`alter table ${TABLE} alter event_id set default nextval('${SCHEMA}.event_id')`);
    for (const column of ['event_timestamp', 'file_id']) {
      await ledger.rows(`create index on ${TABLE} using brin (${column}) with (autosummarize = true)`);
    }
    if (!isPlain) await events.#partition(bounds());
    // It would run into anybody's time; a vacuum is measured by itself.
    for (const name of events.heaps) await ledger.rows(`alter table ${name} set (autovacuum_enabled = off)`);
    return events;
  }

  async #partition(bounds) {
    for (let index = 0; index + 1 < bounds.length; index += 1) {
      const [from, to] = [bounds[index], bounds[index + 1]];
      const name = `${TABLE}_${index}`;
      await this.#ledger.rows(
        `create table ${name} partition of ${TABLE} for values from ('${from.toISOString()}') to ('${to.toISOString()}')`,
      );
      this.partitions.push({ name, from, to });
    }
  }

  /** The tables that hold rows. */
  get heaps() {
    return this.partitions.length === 0 ? [TABLE] : this.partitions.map(({ name }) => name);
  }

  /** Megabytes of rows and of their indexes. */
  async megabytes() {
    const [row] = await this.#ledger.rows(
      `select sum(pg_table_size(oid))::float8 / 1e6 as rows, sum(pg_indexes_size(oid))::float8 / 1e6 as indexes
         from pg_class where oid = any($1::regclass[])`,
      [this.heaps],
    );
    return row;
  }
}

/** The month with this number, 0 to 11, as the two days between which it is. */
export function monthOf(number) {
  return { from: new Date(Date.UTC(YEAR, number)), to: new Date(Date.UTC(YEAR, number + 1)) };
}

/** The day in the middle of the year. */
export function oneDay() {
  const from = new Date(Date.UTC(YEAR, 6, 1));
  return { from, to: new Date(from.getTime() + DAY_MS) };
}
