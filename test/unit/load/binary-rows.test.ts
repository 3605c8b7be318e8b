import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { from as copyFrom } from 'pg-copy-streams';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BinaryRows } from '../../../src/ingest/load/binary-rows.ts';
import { createTestDatabase, type TestDatabase, withClient } from '../../support/postgres.ts';
import { propertyRuns } from '../../support/property-runs.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
});

afterAll(() => database.drop());

/** Sends the rows to PostgreSQL and returns what it has read, as text in the order sent. */
async function readBack(type: string, rows: BinaryRows, shown = 'value::text'): Promise<(string | null)[]> {
  return await withClient(database.connectionString, async (client) => {
    await client.query(`set time zone 'UTC'; create temp table read_back (value ${type}, place bigserial)`);
    const bytes = Buffer.concat([BinaryRows.header(), rows.take(), BinaryRows.trailer()]);
    await pipeline([bytes], client.query(copyFrom('copy read_back (value) from stdin (format binary)')));
    const result = await client.query<{ value: string | null }>(
      `select ${shown} as value from read_back order by place`,
    );
    return result.rows.map(({ value }) => value);
  });
}

function encode<Value>(
  values: readonly Value[],
  write: (rows: BinaryRows, value: Value) => void,
  capacity?: number,
): BinaryRows {
  const rows = new BinaryRows(1, capacity);
  for (const value of values) {
    rows.beginRow();
    write(rows, value);
  }
  return rows;
}

describe('BinaryRows, read back by PostgreSQL', () => {
  it('text of any length and every kind of character, beyond the capacity that it began with', async () => {
    const texts = [
      '',
      'a',
      '\\N',
      '\\.',
      '\t\r\n"\'',
      'é',
      '日本語',
      '🎁',
      '\u{10ffff}',
      '\u0001',
      'x'.repeat(300_000),
      '🎁'.repeat(5000),
    ];
    expect(
      await readBack(
        'text',
        encode(texts, (rows, text) => rows.text(text), 16),
      ),
    ).toEqual(texts);
  });

  it('any text without NUL and without half surrogates', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 50 }).map((value) => value.replaceAll('\0', '?'));
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 300 }), async (texts) => {
        expect(
          await readBack(
            'text',
            encode(texts, (rows, value) => rows.text(value)),
          ),
        ).toEqual(texts);
      }),
      propertyRuns(20),
    );
  });

  it('bigint from 0 to the largest safe integer', async () => {
    const values = [
      0,
      1,
      255,
      2 ** 31 - 1,
      2 ** 31,
      2 ** 32 - 1,
      2 ** 32,
      2 ** 32 + 1,
      2 ** 52 + 1,
      Number.MAX_SAFE_INTEGER,
    ];
    expect(
      await readBack(
        'bigint',
        encode(values, (rows, value) => rows.bigint(value)),
      ),
    ).toEqual(values.map(String));
  });

  it('booleans and null', async () => {
    const rows = encode([true, false, null], (target, value) =>
      value === null ? target.null() : target.boolean(value),
    );
    expect(await readBack('boolean', rows)).toEqual(['true', 'false', null]);
  });

  it('timestamptz to the microsecond from the year 1 to the year 9999', async () => {
    const format = `to_char(value, 'YYYY-MM-DD"T"HH24:MI:SS.US')`;
    const values: [number, number, string][] = [
      [Date.parse('0001-01-01T00:00:00Z'), 0, '0001-01-01T00:00:00.000000'],
      [Date.parse('0001-01-01T00:00:00Z'), 1, '0001-01-01T00:00:00.000001'],
      [Date.parse('1969-12-31T23:59:59.999Z'), 999, '1969-12-31T23:59:59.999999'],
      [0, 0, '1970-01-01T00:00:00.000000'],
      [Date.parse('1999-12-31T23:59:59.999Z'), 999, '1999-12-31T23:59:59.999999'],
      [Date.parse('2000-01-01T00:00:00Z'), 0, '2000-01-01T00:00:00.000000'],
      [Date.parse('2000-01-01T00:00:00Z'), 1, '2000-01-01T00:00:00.000001'],
      // the two halves of the 64 bits: 2^32 ms and 2^32 µs behind the epoch, and one less
      [946_684_800_000 + 2 ** 32, 0, '2000-02-19T17:02:47.296000'],
      [946_684_800_000 + 2 ** 32 - 1, 999, '2000-02-19T17:02:47.295999'],
      [946_684_800_000 + 4_294_967, 295, '2000-01-01T01:11:34.967295'],
      [946_684_800_000 + 4_294_967, 296, '2000-01-01T01:11:34.967296'],
      [Date.parse('9999-12-31T23:59:59.999Z'), 999, '9999-12-31T23:59:59.999999'],
    ];
    const rows = encode(values, (target, [milliseconds, microseconds]) => target.timestamp(milliseconds, microseconds));
    expect(await readBack('timestamptz', rows, format)).toEqual(values.map(([, , text]) => text));
  });

  it('any instant of those years', async () => {
    const instant = fc.tuple(
      fc.integer({ min: Date.parse('0001-01-01T00:00:00Z'), max: Date.parse('9999-12-31T23:59:59.999Z') }),
      fc.integer({ min: 0, max: 999 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(instant, { minLength: 1, maxLength: 500 }), async (instants) => {
        const rows = encode(instants, (target, [milliseconds, microseconds]) =>
          target.timestamp(milliseconds, microseconds),
        );
        const expected = instants.map(([ms, us]) => (BigInt(ms) * 1000n + BigInt(us)).toString());
        expect(await readBack('timestamptz', rows, '(extract(epoch from value) * 1000000)::bigint::text')).toEqual(
          expected,
        );
      }),
      propertyRuns(20),
    );
  });

  it('cents from 1 to 9,999,999,999, at each change of the number of digits', async () => {
    const values = [
      1, 9, 10, 99, 100, 101, 9999, 10_000, 999_999, 1_000_000, 1_000_001, 1_000_100, 100_000_000, 1_234_000_000,
      1_234_000_010, 1_234_000_100, 9_999_000_000, 9_999_990_000, 9_999_999_900, 9_999_999_999,
    ];
    const expected = values.map((cents) => `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`);
    expect(
      await readBack(
        'numeric(10,2)',
        encode(values, (rows, value) => rows.cents(value)),
      ),
    ).toEqual(expected);
  });

  it('any number of cents, equal to and stored in the bytes of the same numeric written as text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 9_999_999_999 }), { minLength: 1, maxLength: 500 }),
        async (values) => {
          const shown =
            "value::text || ' ' || encode(numeric_send(value), 'hex') || ' ' || encode(numeric_send(value::text::numeric(10,2)), 'hex')";
          const rows = await readBack(
            'numeric(10,2)',
            encode(values, (target, value) => target.cents(value)),
            shown,
          );
          for (const [index, row] of rows.entries()) {
            const [text, sent, canonical] = (row ?? '').split(' ');
            expect(Number(text?.replace('.', ''))).toBe(values[index]);
            expect(sent).toBe(canonical);
          }
        },
      ),
      propertyRuns(20),
    );
  });

  it('UTF-8 that is copied as it is, on both sides of the length from which it is copied natively', async () => {
    const texts = [
      '',
      'x',
      'é',
      '"',
      'ab"cd',
      '🎁'.repeat(15),
      ...[62, 63, 64, 65, 66, 300].map((n) => 'é'.repeat(n / 2)),
    ];
    const source = Buffer.from(`<${texts.join('><')}>`);
    let at = 1;
    const rows = new BinaryRows(1, 1);
    for (const text of texts) {
      const length = Buffer.byteLength(text);
      rows.beginRow();
      rows.utf8(source, at, at + length);
      at += length + 2;
    }
    expect(await readBack('text', rows)).toEqual(texts);
  });

  it('ASCII in upper case, as PostgreSQL maps it', async () => {
    const ascii = Array.from({ length: 127 }, (_, index) => String.fromCharCode(index + 1)).filter(
      (one) => one !== '"',
    );
    const texts = [...ascii, ascii.join(''), ''];
    const rows = encode(texts, (target, text) => {
      const source = Buffer.from(`z${text}z`);
      expect(target.upperCaseAscii(source, 1, source.length - 1)).toBe(true);
    });
    const [expected] = await database.query<{ upper: string[] }>(
      'select array_agg(upper(value collate "C") order by place) as upper from unnest($1::text[]) with ordinality as given (value, place)',
      [texts],
    );
    expect(await readBack('text', rows)).toEqual(expected?.upper);
  });
});
