import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CleanEvent } from '../../src/ingest/transform/clean-event.ts';
import { createLocalTime } from '../../src/ingest/transform/local-time.ts';
import { cleanPriceCents } from '../../src/ingest/transform/price.ts';
import { cleanIdentifier, cleanVerbatimText } from '../../src/ingest/transform/text.ts';
import { cleanTimestampMs, timestampMicros } from '../../src/ingest/transform/timestamp.ts';
import { createEventTransform } from '../../src/ingest/transform/transform-event.ts';
import { prices, texts, timestamps, WHITE_SPACE } from '../support/arbitrary-values.ts';
import { createTestDatabase } from '../support/postgres.ts';

/** Batches for each property; PROPERTY_RUNS=200 makes it hundreds of thousands of values for each of them. */
const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 5);

/** Values in a batch: PostgreSQL judges a batch in one query. */
const BATCH = 2000;

const ZONES = [
  'UTC',
  'America/New_York',
  'Asia/Kathmandu',
  'Australia/Lord_Howe', // clocks move by half an hour
  'Europe/Dublin', // winter is the "daylight saving time"
  'Pacific/Apia', // 30 December 2011 did not happen
];

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.connectionString });
  await client.connect();
  // NULL for what PostgreSQL refuses; pg_input_is_valid would do, but came with PostgreSQL 16.
  for (const type of ['timestamptz', 'numeric']) {
    await client.query(`
      CREATE FUNCTION pg_temp.try_${type}(value text) RETURNS ${type} LANGUAGE plpgsql AS $$
      BEGIN RETURN value::${type}; EXCEPTION WHEN data_exception THEN RETURN NULL; END $$`);
  }
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

describe('event_timestamp', () => {
  /** The contract in one line; PostgreSQL decides on everything that it leaves open. */
  const FORM =
    /^\d{4}-\d\d-\d\d(?:[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)?(?:Z|[+-](?:0\d|1[0-5])(?::[0-5]\d)?)?$/;

  test.each(ZONES)('is taken exactly if it has the form and PostgreSQL takes it, as the same instant, in %s', {
    timeout: 600_000,
  }, async (zone) => {
    const instantOfLocalTime = createLocalTime(zone);
    await fc.assert(
      fc.asyncProperty(batchOf(timestamps()), async (values) => {
        const instants = await instantsInPostgres(zone, values.map(asPostgresReadsIt));
        expectSameVerdicts(
          values,
          (value) => verdictOnTimestamp(value, instantOfLocalTime),
          (value, index) => (FORM.test(value) ? (instants[index] ?? 'invalid_timestamp') : 'invalid_timestamp'),
        );
      }),
      { numRuns: RUNS },
    );
  });

  /** Two differences by decision: PostgreSQL rounds the seventh digit, and takes -05 after a date for a part of it. */
  function asPostgresReadsIt(value: string): string {
    return value.replace(/(\.\d{6})\d+/, '$1').replace(/^(\d{4}-\d\d-\d\d)(?=[+-])/, '$1 00:00');
  }

  test.each([
    [
      'a word for an instant that depends on the clock',
      ['now', 'today', 'tomorrow', 'yesterday', '2026-01-01 allballs'],
    ],
    ['a word for an instant', ['epoch', 'infinity', '-infinity']],
    ['24:00, which is on the next day', ['2026-01-01 24:00', '2026-01-01T24:00:00Z']],
    ['second 60, which is in the next minute', ['2026-01-01T23:59:60', '2026-06-30T23:59:60Z']],
    [
      'white space around it or where none belongs',
      [' 2026-01-01', '2026-01-01\n', '2026-01-01  10:00', '2026-01-01 10:00 Z', '2026-01-01T 10:00'],
    ],
    ['lower case', ['2026-01-01t10:00', '2026-01-01T10:00z']],
    ['short or long numbers', ['2026-1-1', '2026-01-01 1:00', '12026-01-01', '2026-01-01 10:00:0']],
    [
      'an offset without a colon or with seconds',
      ['2026-01-01 10:00+0530', '2026-01-01 10:00+05:30:15', '2026-01-01 10:00+5'],
    ],
    ['a named zone', ['2026-01-01 10:00 UTC', '2026-01-01 10:00 America/New_York', '2026-01-01 10:00 EST']],
    [
      'other notations',
      [
        '01/02/2026',
        '2026/01/02',
        '20260102',
        '2026-001',
        'Jan 2 2026',
        '2026-01-02 10:00 PM',
        'J2461043',
        '2026-01-01 10:00:00.',
        '2026-01-01T10:00.5', // ten minutes and half a second after midnight, to PostgreSQL
      ],
    ],
    [
      'an instant outside the years 0001 to 9999',
      ['0044-03-15 BC', '0001-01-01 00:00+00:01', '9999-12-31 23:59-00:01', '294276-12-31'],
    ],
  ])('is refused for %s, although PostgreSQL takes it', async (_, values) => {
    const instants = await instantsInPostgres('UTC', values, 'any year');
    expect(instants).not.toContain(null);
    const utc = createLocalTime('UTC');
    expect(values.map((value) => verdictOnTimestamp(value, utc))).toEqual(values.map(() => 'invalid_timestamp'));
  });

  test.each([
    ['2026-01-01-05', '2026-01-01T05:00:00Z'],
    ['2026-01-01-05:30', '2026-01-01T05:30:00Z'],
  ])('is taken as %s, although PostgreSQL refuses it', async (value, instant) => {
    expect(await instantsInPostgres('UTC', [value])).toEqual([null]);
    expect(cleanTimestampMs(value, createLocalTime('UTC'))).toBe(Date.parse(instant));
  });

  test('is cut after the sixth digit, where PostgreSQL rounds', async () => {
    const value = '2026-12-31T23:59:59.9999999Z';
    expect(await instantsInPostgres('UTC', [value, '2027-01-01Z'])).toEqual(
      Array(2).fill(`${Date.UTC(2027, 0, 1)}000`),
    );
    expect(verdictOnTimestamp(value, createLocalTime('UTC'))).toBe(`${Date.UTC(2027, 0, 1) - 1}999`);
  });

  /** Microseconds since 1970, null for what PostgreSQL refuses or what lies outside the years 0001 to 9999. */
  async function instantsInPostgres(
    zone: string,
    values: string[],
    years = '0001 to 9999',
  ): Promise<(string | null)[]> {
    await client.query('BEGIN');
    await client.query(`SELECT set_config('timezone', $1, true)`, [zone]);
    const { rows } = await client.query<{ micros: string | null }>(
      `SELECT trunc(extract(epoch FROM instant) * 1000000)::text AS micros
         FROM unnest($1::text[]) WITH ORDINALITY AS input (value, number),
              LATERAL (SELECT CASE WHEN $2 OR parsed >= '0001-01-01Z' AND parsed < '10000-01-01Z' THEN parsed END AS instant
                         FROM (SELECT pg_temp.try_timestamptz(value) AS parsed) AS attempt) AS checked
        ORDER BY number`,
      [values, years === 'any year'],
    );
    await client.query('COMMIT');
    return rows.map((row) => row.micros);
  }
});

describe('product_price', () => {
  const FORM = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

  test('is taken as what PostgreSQL rounds it to', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(batchOf(prices()), async (values) => {
        const cents = await centsInPostgres(values);
        expectSameVerdicts(values, verdictOnPrice, (value, index) => {
          if (value.trim() === '') return 'missing_value';
          if (!FORM.test(value)) return 'invalid_price';
          const rounded = BigInt(cents[index] ?? signAndSizeOf(value));
          if (rounded <= 0n) return 'non_positive_price';
          return rounded > 9_999_999_999n ? 'price_out_of_range' : String(rounded);
        });
      }),
      { numRuns: RUNS },
    );
  });

  test('is refused with spaces around it and as NaN, although PostgreSQL takes these', async () => {
    const values = [' 1.50', '1.50 ', '\t1', 'NaN', 'nan'];
    expect(await centsInPostgres(values)).not.toContain(null);
    expect(values.map(verdictOnPrice)).toEqual(values.map(() => 'invalid_price'));
  });

  test('is judged by its sign and size where it is more than PostgreSQL can hold', async () => {
    const values = ['1e200000', '1e-20000', '1e999999999999', '-1e999999999999', '1e-999999999999'];
    expect(await centsInPostgres(values)).toEqual(values.map(() => null));
    expect(values.map(verdictOnPrice)).toEqual([
      'price_out_of_range',
      'non_positive_price',
      'price_out_of_range',
      'non_positive_price',
      'non_positive_price',
    ]);
  });

  /** Stands in for the cents of a number whose exponent is more than PostgreSQL can hold. */
  function signAndSizeOf(value: string): number {
    const [mantissa = '', exponent = ''] = value.split(/e/i);
    expect(Math.abs(Number(exponent)), `PostgreSQL refuses ${value}`).toBeGreaterThan(10_000);
    if (!/[1-9]/.test(mantissa) || exponent.startsWith('-')) return 0;
    return mantissa.startsWith('-') ? -1e11 : 1e11;
  }

  async function centsInPostgres(values: string[]): Promise<(string | null)[]> {
    const { rows } = await client.query<{ cents: string | null }>(
      // Without the cap the product of a number of 131,072 digits, the longest there is, would not be one itself.
      `SELECT trunc(CASE WHEN abs(price) > 1e9 THEN sign(price) * 1e9 ELSE round(price, 2) END * 100)::text AS cents
         FROM unnest($1::text[]) WITH ORDINALITY AS input (value, number),
              LATERAL (SELECT pg_temp.try_numeric(value) AS price) AS parsed
        ORDER BY number`,
      [values],
    );
    return rows.map((row) => row.cents);
  }
});

describe('a text', () => {
  test('is trimmed, upper-cased and counted like in PostgreSQL', { timeout: 600_000 }, async () => {
    const collation = await fullCaseMappingCollation();
    await fc.assert(
      fc.asyncProperty(batchOf(texts()), async (values) => {
        const { rows } = await client.query<{ identifier: string; identifierLength: number; length: number }>(
          `SELECT identifier, char_length(identifier) AS "identifierLength", char_length(value) AS length
             FROM unnest($1::text[]) WITH ORDINALITY AS input (value, number),
                  LATERAL (SELECT upper(btrim(value, $2) COLLATE ${collation}) AS identifier) AS mapped
            ORDER BY number`,
          [values, WHITE_SPACE],
        );
        expectSameVerdicts(values, verdictOnTexts, (value, index) => {
          const row = rows[index];
          if (row === undefined) throw new Error(`no row for value ${index}`);
          if (row.identifier === '') return 'missing_value missing_value missing_value';
          return [
            row.identifierLength <= 50 ? row.identifier : 'value_too_long',
            row.length <= 255 ? value : 'value_too_long',
            row.length <= 100 ? value : 'value_too_long',
          ].join(' ');
        });
      }),
      { numRuns: RUNS },
    );
  });

  /** A collation that upper-cases "ß" to "SS" as Unicode and JavaScript do; the default one of a database may not. */
  async function fullCaseMappingCollation(): Promise<string> {
    const { rows } = await client.query<{ name: string }>(
      `SELECT quote_ident(collname) AS name FROM pg_collation
        WHERE collname IN ('pg_unicode_fast', 'und-x-icu') ORDER BY collname LIMIT 1`,
    );
    const name = rows[0]?.name;
    if (name === undefined) throw new Error('this PostgreSQL has neither pg_unicode_fast nor ICU to compare with');
    return name;
  }

  function verdictOnTexts(value: string): string {
    return [
      cleanIdentifier('product_id', value),
      cleanVerbatimText('product_name', value),
      cleanVerbatimText('session_id', value),
    ]
      .map((result) => (typeof result === 'string' ? result : result.reason))
      .join(' ');
  }
});

describe('a clean event', () => {
  test('is stored by PostgreSQL exactly as it is', { timeout: 600_000 }, async () => {
    const transform = createEventTransform({ timeZone: 'America/New_York' });
    await client.query(`
      CREATE TEMP TABLE stored (
        number int, user_id varchar(50), event_timestamp timestamptz, product_id varchar(50), product_name varchar(255),
        product_price numeric(10,2), session_id varchar(100))`);
    const text = texts();
    const row = fc.tuple(text, fc.constant('view'), timestamps(), text, text, prices(), text);

    await fc.assert(
      fc.asyncProperty(batchOf(row), async (rows) => {
        const events = rows.map(transform).flatMap((result) => (result.ok ? [result.event] : []));
        expect(await storedAndReadBack(events)).toEqual(events);
      }),
      { numRuns: RUNS },
    );
  });

  async function storedAndReadBack(events: CleanEvent[]): Promise<CleanEvent[]> {
    await client.query('TRUNCATE stored');
    await client.query(
      `INSERT INTO stored SELECT * FROM unnest($1::int[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::numeric[], $7::text[])`,
      [
        events.map((_, index) => index),
        events.map((event) => event.userId),
        events.map((event) => isoWithMicros(event)),
        events.map((event) => event.productId),
        events.map((event) => event.productName),
        events.map((event) => `${event.priceCents}e-2`),
        events.map((event) => event.sessionId),
      ],
    );
    const { rows } = await client.query<Omit<CleanEvent, 'eventType' | 'timestampMs'> & { timestampMs: string }>(
      `SELECT user_id AS "userId", product_id AS "productId", product_name AS "productName", session_id AS "sessionId",
              floor(extract(epoch FROM event_timestamp) * 1000)::text AS "timestampMs",
              extract(microseconds FROM event_timestamp)::int % 1000 AS "timestampMicros",
              (product_price * 100)::float8 AS "priceCents"
         FROM stored ORDER BY number`,
    );
    return rows.map((row) => ({ ...row, eventType: 'view', timestampMs: Number(row.timestampMs) }));
  }

  function isoWithMicros(event: CleanEvent): string {
    const micros = String(event.timestampMicros).padStart(3, '0');
    return new Date(event.timestampMs).toISOString().replace('Z', `${micros}Z`);
  }
});

function verdictOnTimestamp(value: string, instantOfLocalTime: (localMs: number) => number): string {
  const ms = cleanTimestampMs(value, instantOfLocalTime);
  return typeof ms === 'number' ? String(BigInt(ms) * 1000n + BigInt(timestampMicros(value))) : ms.reason;
}

function verdictOnPrice(value: string): string {
  const cents = cleanPriceCents(value);
  return typeof cents === 'number' ? String(cents) : cents.reason;
}

/** Compares all values of a batch, and shows those that differ. */
function expectSameVerdicts(
  values: string[],
  ours: (value: string) => string,
  theirs: (value: string, index: number) => string,
): void {
  const verdicts = values.map((value, index) => ({ value, ours: ours(value), theirs: theirs(value, index) }));
  expect(verdicts.filter((verdict) => verdict.ours !== verdict.theirs)).toEqual([]);
}

function batchOf<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.array(value, { minLength: 1, maxLength: BATCH, size: 'max' });
}
