import type pg from 'pg';
import { expect } from 'vitest';
import { WHITE_SPACE } from './arbitrary-values.ts';

/** The contract on timestamps and prices in one line each; PostgreSQL decides on everything that they leave open. */
export const TIMESTAMP_FORM =
  /^\d{4}-\d\d-\d\d(?:[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)?(?:Z|[+-](?:0\d|1[0-5])(?::[0-5]\d)?)?$/;
const PRICE_FORM = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

export interface MappedText {
  /** trimmed and upper-cased */
  readonly identifier: string;
  readonly identifierLength: number;
  /** of the text as it is */
  readonly length: number;
}

/** What PostgreSQL makes of values, on one connection. All answers are in the order of the values. */
export class PostgresRules {
  readonly #client: pg.Client;
  readonly #collation: string;

  private constructor(client: pg.Client, collation: string) {
    this.#client = client;
    this.#collation = collation;
  }

  static async on(client: pg.Client): Promise<PostgresRules> {
    // NULL for what PostgreSQL refuses; pg_input_is_valid would do, but came with PostgreSQL 16.
    for (const type of ['timestamptz', 'numeric']) {
      await client.query(`
        CREATE FUNCTION pg_temp.try_${type}(value text) RETURNS ${type} LANGUAGE plpgsql AS $$
        BEGIN RETURN value::${type}; EXCEPTION WHEN data_exception THEN RETURN NULL; END $$`);
    }
    return new PostgresRules(client, await fullCaseMappingCollation(client));
  }

  /** Microseconds since 1970, null for what PostgreSQL refuses or what lies outside the years 0001 to 9999. */
  async instants(zone: string, values: string[], years = '0001 to 9999'): Promise<(string | null)[]> {
    await this.#client.query('BEGIN');
    await this.#client.query(`SELECT set_config('timezone', $1, true)`, [zone]);
    const { rows } = await this.#client.query<{ micros: string | null }>(
      `SELECT trunc(extract(epoch FROM instant) * 1000000)::text AS micros
         FROM unnest($1::text[]) WITH ORDINALITY AS input (value, number),
              LATERAL (SELECT CASE WHEN $2 OR parsed >= '0001-01-01Z' AND parsed < '10000-01-01Z' THEN parsed END AS instant
                         FROM (SELECT pg_temp.try_timestamptz(value) AS parsed) AS attempt) AS checked
        ORDER BY number`,
      [values, years === 'any year'],
    );
    await this.#client.query('COMMIT');
    return rows.map((row) => row.micros);
  }

  /** Rounded to cents, null for what PostgreSQL refuses. */
  async cents(values: string[]): Promise<(string | null)[]> {
    const { rows } = await this.#client.query<{ cents: string | null }>(
      // Without the cap the product of a number of 131,072 digits, the longest there is, would not be one itself.
      `SELECT trunc(CASE WHEN abs(price) > 1e9 THEN sign(price) * 1e9 ELSE round(price, 2) END * 100)::text AS cents
         FROM unnest($1::text[]) WITH ORDINALITY AS input (value, number),
              LATERAL (SELECT pg_temp.try_numeric(value) AS price) AS parsed
        ORDER BY number`,
      [values],
    );
    return rows.map((row) => row.cents);
  }

  async texts(values: string[]): Promise<MappedText[]> {
    const { rows } = await this.#client.query<MappedText>(
      `SELECT identifier, char_length(identifier) AS "identifierLength", char_length(value) AS length
         FROM unnest($1::text[]) WITH ORDINALITY AS input (value, number),
              LATERAL (SELECT upper(btrim(value, $2) COLLATE ${this.#collation}) AS identifier) AS mapped
        ORDER BY number`,
      [values, WHITE_SPACE],
    );
    return rows;
  }

  /** Microseconds since 1970 for each timestamp of the contract, or the reason why it is none. */
  async timestampVerdicts(zone: string, values: string[]): Promise<string[]> {
    const instants = await this.instants(zone, values.map(asPostgresReadsIt));
    return values.map((value, index) => {
      if (value.trim() === '') return 'missing_value';
      return TIMESTAMP_FORM.test(value) ? (instants[index] ?? 'invalid_timestamp') : 'invalid_timestamp';
    });
  }

  /** Cents for each price of the contract, or the reason why it is none. */
  async priceVerdicts(values: string[]): Promise<string[]> {
    const cents = await this.cents(values);
    return values.map((value, index) => {
      if (value.trim() === '') return 'missing_value';
      if (!PRICE_FORM.test(value)) return 'invalid_price';
      const rounded = BigInt(cents[index] ?? signAndSizeOf(value));
      if (rounded <= 0n) return 'non_positive_price';
      return rounded > 9_999_999_999n ? 'price_out_of_range' : String(rounded);
    });
  }
}

/** Two differences by decision: PostgreSQL rounds the seventh digit, and takes -05 after a date for a part of it. */
function asPostgresReadsIt(value: string): string {
  return value.replace(/(\.\d{6})\d+/, '$1').replace(/^(\d{4}-\d\d-\d\d)(?=[+-])/, '$1 00:00');
}

/** Stands in for the cents of a number whose exponent is more than PostgreSQL can hold. */
function signAndSizeOf(value: string): number {
  const [mantissa = '', exponent = ''] = value.split(/e/i);
  expect(Math.abs(Number(exponent)), `PostgreSQL refuses ${value}`).toBeGreaterThan(10_000);
  if (!/[1-9]/.test(mantissa) || exponent.startsWith('-')) return 0;
  return mantissa.startsWith('-') ? -1e11 : 1e11;
}

/** A collation that upper-cases "ß" to "SS" as Unicode and JavaScript do; the default one of a database may not. */
async function fullCaseMappingCollation(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT quote_ident(collname) AS name FROM pg_collation
      WHERE collname IN ('pg_unicode_fast', 'und-x-icu') ORDER BY collname LIMIT 1`,
  );
  const name = rows[0]?.name;
  if (name === undefined) throw new Error('this PostgreSQL has neither pg_unicode_fast nor ICU to compare with');
  return name;
}
