import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { copyFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  DELIMITERS,
  type Dialect,
  ENCODINGS,
  NEWLINES,
  PLAIN_DIALECT,
  shuffledColumns,
} from '../../../src/generator/dialect.ts';
import { type ExpectedReject, generateCsv } from '../../../src/generator/event-generator.ts';
import { createRandom } from '../../../src/generator/random.ts';
import { expectExactly } from '../../support/exact-load.ts';
import { type ExpectedEvent, type ExpectedFile, expectedOf } from '../../support/expected-events.ts';
import { settledRows } from '../../support/ledger.ts';
import { startTestService } from '../../support/service.ts';

const INPUT_DATA = join(import.meta.dirname, '../../../input_data');

interface SampleExpectation {
  readonly rowsRead: number;
  readonly rowsLoaded: number;
  readonly rowsRejected: number;
  readonly rejectsByReason: Readonly<Record<string, number>>;
  readonly rejects: readonly { readonly lineNumber: number; readonly reason: string; readonly column: string | null }[];
}

describe('the sample files', () => {
  it('D11 I2 load exactly as input_data/.expected.json says, value by value', async () => {
    const expectations: Record<string, SampleExpectation> = JSON.parse(
      await readFile(join(INPUT_DATA, '.expected.json'), 'utf8'),
    );
    const names = (await readdir(INPUT_DATA)).filter((name) => !name.startsWith('.'));
    expect(names.sort()).toEqual(Object.keys(expectations).sort());

    const running = await startTestService();
    try {
      const files: ExpectedFile[] = [];
      for (const name of names) {
        const bytes = await readFile(join(INPUT_DATA, name));
        const { events } = expectedOf(name, name.endsWith('.gz') ? gunzipSync(bytes) : bytes);
        const rejects = expectations[name]?.rejects.map(({ lineNumber, reason, column }) => ({
          line: lineNumber,
          reason,
          column,
        }));
        files.push({ name, events, rejects: rejects ?? [] });
        await copyFile(join(INPUT_DATA, name), join(running.directory, name));
      }
      for (const row of await settledRows(running.database, names.length)) {
        const { read: rowsRead, loaded: rowsLoaded, rejected: rowsRejected, reasons: rejectsByReason } = row;
        const { rejects: _, ...counts } = expectations[row.name] ?? { rejects: [] };
        expect({ name: row.name, rowsRead, rowsLoaded, rowsRejected, rejectsByReason }).toEqual(counts);
      }
      await expectExactly(running.database, files);
    } finally {
      await running.close();
    }
  });
});

describe('every dialect', () => {
  // A commit for each row asked for makes the chunks as small as they get, so that they end anywhere in a record.
  it.each([
    ['in the smallest chunks, with a commit behind each', { COMMIT_ROWS: '1' }],
    ['in large chunks', {}],
  ])('D3 D5 D6 I1 I2 is loaded to the same rows %s', async (_, env) => {
    const seed = randomUUID();
    const running = await startTestService({ env });
    try {
      const files = await writeMatrix(running.directory, seed);
      await settledRows(running.database, files.length, 30_000);
      await expectExactly(running.database, files);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    } finally {
      await running.close();
    }
  });
});

describe('values that a text COPY or a careless reader would change', () => {
  it('D10 stand in the table as they stand in the file', async () => {
    const names = [
      '\\N',
      '\\.',
      'back\\slash\\n\\t\\x41',
      'a tab\there',
      'a "quoted" word',
      'two\nlines',
      'windows\r\nlines',
      'old\rlines',
      'comma, semicolon; pipe|',
      ' kept as written ',
      'NULL',
      '日本語 🎁 e\u0301 é \u2028\u2029 \u200f',
      '\u{10ffff}\u0001\u007f',
      '🎁'.repeat(255),
      "'; drop table user_events; --",
    ];
    const times: [string, string][] = [
      ['2024-01-15T10:23:45.123456Z', '2024-01-15T10:23:45.123456'],
      ['2024-01-15 10:23:45.1234569+02:00', '2024-01-15T08:23:45.123456'],
      ['0001-01-01', '0001-01-01T00:00:00.000000'],
      ['9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999999'],
      ['1999-12-31T23:59:59.999999Z', '1999-12-31T23:59:59.999999'],
      ['2000-01-01T00:00:00.000001Z', '2000-01-01T00:00:00.000001'],
    ];
    const prices: [string, string][] = [
      ['0.01', '0.01'],
      ['0.005', '0.01'],
      ['99999999.99', '99999999.99'],
      ['1e4', '10000.00'],
      ['10000.5', '10000.50'],
      ['0.10', '0.10'],
      ['20000', '20000.00'],
    ];
    const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
    const events: ExpectedEvent[] = [];
    const lines = ['user_id,event_type,event_timestamp,product_id,product_name,product_price,session_id'];
    let line = 2;
    for (const [index, productName] of names.entries()) {
      const [time = '', at = ''] = times[index % times.length] ?? [];
      const [price = '', cents = ''] = prices[index % prices.length] ?? [];
      const sessionId = `s\\${index}\t"x"`;
      lines.push(['\u00fcser\\1', 'purchase', time, 'p\\N', quoted(productName), price, quoted(sessionId)].join(','));
      events.push({
        line,
        userId: 'ÜSER\\1',
        eventType: 'purchase',
        at,
        productId: 'P\\N',
        productName,
        price: cents,
        sessionId,
      });
      line += 1 + (productName.match(/\r\n|\r|\n/g)?.length ?? 0);
    }
    const running = await startTestService();
    try {
      writeFileSync(join(running.directory, 'values.csv'), `${lines.join('\n')}\n`);
      await settledRows(running.database, 1);
      await expectExactly(running.database, [{ name: 'values.csv', events, rejects: [] }]);
    } finally {
      await running.close();
    }
  });
});

async function writeMatrix(directory: string, seed: string): Promise<ExpectedFile[]> {
  const files: ExpectedFile[] = [];
  for (const delimiter of Object.values(DELIMITERS)) {
    for (const newline of Object.values(NEWLINES)) {
      for (const encoding of ENCODINGS) {
        const number = files.length;
        const columns = number % 2 === 0 ? PLAIN_DIALECT.columns : shuffledColumns(createRandom(`${seed}/${number}`));
        const dialect: Dialect = {
          delimiter,
          newline,
          encoding,
          columns,
          header: number % 3 === 0 ? 'upper-case' : 'lower-case',
        };
        const rejects: ExpectedReject[] = [];
        const rows = generateCsv({ seed: `${seed}/${number}`, rows: 160, dirty: 0.2, dialect }, (reject) =>
          rejects.push(reject),
        );
        const bytes = Buffer.concat([...rows]);
        const isGzip = number % 4 === 0;
        const name = `${number}.csv${isGzip ? '.gz' : ''}`;
        const { events } = expectedOf(name, bytes);
        files.push({
          name,
          events,
          rejects: rejects.map(({ lineNumber, reason, column }) => ({ line: lineNumber, reason, column })),
        });
        writeFileSync(join(directory, name), isGzip ? gzipSync(bytes) : bytes);
      }
    }
  }
  return files;
}
