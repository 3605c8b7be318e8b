import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { FIRST_DAY, oneDay, YEAR_DAYS } from './partitioned-events.mjs';

const COLUMNS =
  'user_id, event_type, event_timestamp, product_id, product_name, product_price, session_id, file_id, line_number';
/** Files that the rows come from, one after the other. */
const FILES = 20;

/** The rows that go into every table, as the server itself writes them: binary, as Sluice sends its own. */
export class EventRows {
  /** Files whose `file_id` are 1 to this. */
  files = FILES;
  #url;
  #paths = {};
  #signal;

  static async make(url, { rows, directory, signal }) {
    const events = new EventRows();
    events.#url = url;
    events.#signal = signal;
    const year = selectRows(rows, FIRST_DAY, YEAR_DAYS);
    const queries = {
      anyOrder: year('random()'),
      inOrder: year(`number / ${rows}::float8`),
      day: selectRows(rows, oneDay().from, 1)(`number / ${rows}::float8`),
    };
    for (const [order, query] of Object.entries(queries)) {
      const path = join(directory, `${order}.copy`);
      events.#paths[order] = path;
      await events.#write(path, query);
    }
    return events;
  }

  /** Seconds that a COPY of them takes: those of a year, `inOrder` of time or in `anyOrder`, or of one `day`. */
  async copyInto(table, order) {
    return this.#connected(async (client) => {
      const start = performance.now();
      const into = client.query(copyFrom(`copy ${table} (${COLUMNS}) from stdin (format binary)`));
      await pipeline(createReadStream(this.#paths[order], { highWaterMark: 1 << 18 }), into, { signal: this.#signal });
      return (performance.now() - start) / 1000;
    });
  }

  async #write(path, query) {
    await this.#connected((client) =>
      pipeline(client.query(copyTo(`copy (${query}) to stdout (format binary)`)), createWriteStream(path), {
        signal: this.#signal,
      }),
    );
  }

  async #connected(work) {
    const client = new pg.Client({ connectionString: this.#url, application_name: 'bench' });
    client.on('error', () => {});
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }
}

/** `position`: where between the first and the last moment a row is, from 0 up to 1. */
function selectRows(rows, from, days) {
  return (position) => `
    select ('U' || lpad((1 + floor(random() * 10000))::int::text, 6, '0'))::varchar(50),
           case when random() < 0.7 then 'view' else 'purchase' end::event_type,
           timestamptz '${from.toISOString()}' + least(${position}, 0.9999999) * interval '${days} days',
           ('P' || lpad((1 + floor(random() * 200))::int::text, 4, '0'))::varchar(50),
           'Wireless Mouse Classic'::varchar(255), (1 + floor(random() * 20000) / 100)::numeric(10, 2),
           gen_random_uuid()::text::varchar(100), (1 + (number - 1) * ${FILES}::bigint / ${rows})::bigint, number::bigint
      from generate_series(1, ${rows}) as number`;
}
