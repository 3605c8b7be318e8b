import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLocalTime } from '../../src/ingest/transform/local-time.ts';
import type { Rejection } from '../../src/ingest/transform/rejection.ts';
import { cleanIdentifier, cleanVerbatimText } from '../../src/ingest/transform/text.ts';
import { prices, texts, timestamps } from '../support/arbitrary-values.ts';
import { centsOf, microsOf } from '../support/byte-readers.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { PostgresRules } from '../support/postgres-rules.ts';
import { propertyRuns } from '../support/property-runs.ts';

/** Batches for each property: in the long run a million values of each type. */
const RUNS = propertyRuns(process.env['SLUICE_SOAK'] === '1' ? 1000 : 5);

/** Values in a batch: PostgreSQL judges a batch in one query. */
const BATCH = 1000;

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
let rules: PostgresRules;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.connectionString });
  await client.connect();
  rules = await PostgresRules.on(client);
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

describe('D8 event_timestamp', () => {
  test.each(ZONES)('is taken exactly if it has the form and PostgreSQL takes it, as the same instant, in %s', {
    timeout: 3_600_000,
  }, async (zone) => {
    const instantOfLocalTime = createLocalTime(zone);
    await fc.assert(
      fc.asyncProperty(batchOf(timestamps()), async (values) => {
        const theirs = await rules.timestampVerdicts(zone, values);
        expectSameVerdicts(values, (value) => shown(microsOf(value, instantOfLocalTime)), theirs);
      }),
      RUNS,
    );
  });

  // Zones of the host, which must not matter; the process asks for its zone again when this variable is set.
  test.each(['UTC', 'America/New_York', 'Asia/Kathmandu'])('is the same on a host in %s', async (host) => {
    const before = process.env['TZ'];
    process.env['TZ'] = host;
    try {
      expect(new Date(Date.UTC(2026, 0, 1)).toString()).toContain(
        { UTC: '+0000', 'America/New_York': '-0500', 'Asia/Kathmandu': '+0545' }[host],
      );
      const instantOfLocalTime = createLocalTime('Europe/Dublin');
      const fixed = [
        '2026-03-29 01:30',
        '2026-10-25 01:30',
        '2026-03-08 02:30',
        '2026-01-01',
        '1969-12-31T23:59:59.999999',
      ];
      await fc.assert(
        fc.asyncProperty(batchOf(timestamps()), async (generated) => {
          const values = [...fixed, ...generated];
          const theirs = await rules.timestampVerdicts('Europe/Dublin', values);
          expectSameVerdicts(values, (value) => shown(microsOf(value, instantOfLocalTime)), theirs);
        }),
        RUNS,
      );
    } finally {
      if (before === undefined) delete process.env['TZ'];
      else process.env['TZ'] = before;
    }
  }, 3_600_000);

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
        '2026-01-01T10:00.5', // ten minutes and half a second after midnight, to PostgreSQL
      ],
    ],
    [
      'an instant outside the years 0001 to 9999',
      ['0044-03-15 BC', '0001-01-01 00:00+00:01', '9999-12-31 23:59-00:01', '294276-12-31'],
    ],
  ])('is refused for %s, although PostgreSQL takes it', async (_, values) => {
    const instants = await rules.instants('UTC', values, 'any year');
    expect(instants).not.toContain(null);
    const utc = createLocalTime('UTC');
    expect(values.map((value) => shown(microsOf(value, utc)))).toEqual(values.map(() => 'invalid_timestamp'));
  });

  test.each([
    ['2026-01-01-05', '2026-01-01T05:00:00Z'],
    ['2026-01-01-05:30', '2026-01-01T05:30:00Z'],
  ])('is taken as %s, although PostgreSQL refuses it', async (value, instant) => {
    expect(await rules.instants('UTC', [value])).toEqual([null]);
    expect(microsOf(value, createLocalTime('UTC'))).toBe(BigInt(Date.parse(instant)) * 1000n);
  });

  test('is cut after the sixth digit, where PostgreSQL rounds', async () => {
    const value = '2026-12-31T23:59:59.9999999Z';
    expect(await rules.instants('UTC', [value, '2027-01-01Z'])).toEqual(Array(2).fill(`${Date.UTC(2027, 0, 1)}000`));
    expect(shown(microsOf(value, createLocalTime('UTC')))).toBe(`${Date.UTC(2027, 0, 1) - 1}999`);
  });
});

describe('D7 product_price', () => {
  test('is taken as what PostgreSQL rounds it to', { timeout: 3_600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(batchOf(prices()), async (values) => {
        expectSameVerdicts(values, (value) => shown(centsOf(value)), await rules.priceVerdicts(values));
      }),
      RUNS,
    );
  });

  test('is refused with spaces around it and as NaN, although PostgreSQL takes these', async () => {
    const values = [' 1.50', '1.50 ', '\t1', 'NaN', 'nan'];
    expect(await rules.cents(values)).not.toContain(null);
    expect(values.map((value) => shown(centsOf(value)))).toEqual(values.map(() => 'invalid_price'));
  });

  test('is judged by its sign and size where it is more than PostgreSQL can hold', async () => {
    const values = ['1e200000', '1e-20000', '1e999999999999', '-1e999999999999', '1e-999999999999'];
    expect(await rules.cents(values)).toEqual(values.map(() => null));
    expect(values.map((value) => shown(centsOf(value)))).toEqual([
      'price_out_of_range',
      'non_positive_price',
      'price_out_of_range',
      'non_positive_price',
      'non_positive_price',
    ]);
  });
});

describe('D7 a text', () => {
  test('is trimmed, upper-cased and counted like in PostgreSQL', { timeout: 3_600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(batchOf(texts()), async (values) => {
        const theirs = (await rules.texts(values)).map((row, index) => {
          if (row.identifier === '') return 'missing_value missing_value missing_value';
          return [
            row.identifierLength <= 50 ? row.identifier : 'value_too_long',
            row.length <= 255 ? values[index] : 'value_too_long',
            row.length <= 100 ? values[index] : 'value_too_long',
          ].join(' ');
        });
        expectSameVerdicts(values, verdictOnTexts, theirs);
      }),
      RUNS,
    );
  });

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

/** A value as {@link PostgresRules} says it, or the reason of the rejection. */
function shown(outcome: bigint | number | Rejection): string {
  return typeof outcome === 'object' ? outcome.reason : String(outcome);
}

/** Compares all values of a batch, and shows those that differ. */
function expectSameVerdicts(values: string[], ours: (value: string) => string, theirs: readonly string[]): void {
  const verdicts = values.map((value, index) => ({ value, ours: ours(value), theirs: theirs[index] }));
  expect(verdicts.filter((verdict) => verdict.ours !== verdict.theirs)).toEqual([]);
}

function batchOf<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.array(value, { minLength: BATCH, maxLength: BATCH });
}
