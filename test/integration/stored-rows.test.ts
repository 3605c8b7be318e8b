import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVENT_COLUMNS, EVENT_TYPES, type EventColumn } from '../../src/ingest/event-columns.ts';
import { columnOrders, csvStyles, eventRows } from '../support/arbitrary-events.ts';
import { type CsvStyle, csvLine } from '../support/csv-line.ts';
import { lineBreaksIn } from '../support/csv-model.ts';
import { cutAt } from '../support/csv-reading.ts';
import type { EventValues } from '../support/encoded-events.ts';
import {
  loadRecords,
  type StoredEvent,
  type StoredReject,
  storedEvents,
  storedRejects,
} from '../support/loaded-rows.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { PostgresRules } from '../support/postgres-rules.ts';
import { propertyRuns } from '../support/property-runs.ts';

const ROWS_IN_FILE = 600;
const TIME_ZONE = 'America/New_York';
/** Beyond what four bytes hold, and near enough below it that some lines are still on this side. */
const FIRST_FILE_ID = 2 ** 32 + 7;
const START_LINE = 2 ** 32 - 100;
/** What the ledger keeps of a rejected row. */
const RAW_BYTES = 4096;

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let client: pg.Client;
let rules: PostgresRules;
let nextFileId = FIRST_FILE_ID;

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

describe('a file', () => {
  test('D7 D8 I2 I3 each row is in user_events as PostgreSQL itself computes it, or in rejected_rows with the rule that it breaks', {
    timeout: 600_000,
  }, async () => {
    const files = fc.tuple(
      fc.array(eventRows(), { minLength: ROWS_IN_FILE, maxLength: ROWS_IN_FILE }),
      csvStyles(),
      columnOrders(),
      fc.array(fc.nat({ max: 1_000_003 }), { maxLength: 8 }),
    );
    await fc.assert(
      fc.asyncProperty(files, async ([rows, style, columns, cuts]) => {
        const fileId = nextFileId++;
        const lines = rows.map((row) => lineOf(row, columns, style));
        const bytes = Buffer.from(lines.map((line) => line + style.lineEnd).join(''));
        const counts = await loadRecords(database.connectionString, {
          chunks: cutAt(bytes, cuts),
          delimiter: style.delimiter,
          columns,
          fileId,
          startLine: START_LINE,
          timeZone: TIME_ZONE,
          maxRecordBytes: 1_000_000,
        });

        const expected = await expectedRows(rows, lines);
        expect(await storedEvents(client, fileId)).toEqual(expected.events);
        expect(withoutMessages(await storedRejects(client, fileId))).toEqual(expected.rejects);
        expect(counts).toMatchObject({
          read: rows.length,
          loaded: expected.events.length,
          rejected: expected.rejects.length,
        });
      }),
      propertyRuns(10),
    );
  });

  test('D7 D8 may have the first and the last instant, the smallest and the largest price', async () => {
    const fileId = nextFileId++;
    const bounds = [
      ['0001-01-01T00:00:00Z', '0.01', '0001-01-01 00:00:00.000000'],
      ['0001-01-01T00:00:00.000001Z', '0.10', '0001-01-01 00:00:00.000001'],
      ['1969-12-31T23:59:59.999999Z', '10000.00', '1969-12-31 23:59:59.999999'],
      ['1999-12-31T23:59:59.9999999Z', '12340000.00', '1999-12-31 23:59:59.999999'],
      ['2000-01-01T00:00:00Z', '99999999.99', '2000-01-01 00:00:00.000000'],
      ['9999-12-31T23:59:59.999999Z', '100.00', '9999-12-31 23:59:59.999999'],
    ];
    const lines = bounds.map(([timestamp, price]) => `u,view,${timestamp},p,n,${price},s\n`);
    await loadRecords(database.connectionString, {
      chunks: [Buffer.from(lines.join(''))],
      delimiter: ',',
      columns: EVENT_COLUMNS,
      fileId,
      startLine: 2 ** 31 - 3,
      timeZone: TIME_ZONE,
      maxRecordBytes: 5000,
    });
    const { rows } = await client.query({
      text: `select line_number::text, product_price::text, to_char(event_timestamp at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')
               from user_events where file_id = $1 order by line_number`,
      values: [fileId],
      rowMode: 'array',
    });
    expect(rows).toEqual(bounds.map(([, price, instant], index) => [String(2 ** 31 - 3 + index), price, instant]));
  });

  test('D4 D5 D6 I3 what is no record is in rejected_rows with its line, reason and text, and costs no neighbour', async () => {
    const good = 'u,view,2026-01-02,p,n,1,s';
    const fileId = nextFileId++;
    const chunks = [
      Buffer.from(`${good}\n`),
      Buffer.from('u,view,2026-01-02,p,n,1\n'),
      Buffer.from(`${good},one,more\n`),
      Buffer.from([0x75, 0xff, 0x2c]),
      Buffer.from('view,2026-01-02,p,n,1,s\n'),
      Buffer.from(`${good.replace('n', 'n\0')}\n`),
      Buffer.from(`${good.replace('n', 'n"')}\n`),
      Buffer.from(`${good}\n`),
      Buffer.from(`${good.replace('n', 'x'.repeat(6000))}\n`),
      Buffer.from(`${good}\n`),
      Buffer.from(good.replace('u', '"open')),
    ];
    await loadRecords(database.connectionString, {
      chunks,
      delimiter: ',',
      columns: EVENT_COLUMNS,
      fileId,
      startLine: 2,
      timeZone: TIME_ZONE,
      maxRecordBytes: 5000,
    });
    expect((await storedEvents(client, fileId)).map(({ line }) => line)).toEqual(['2', '8', '10']);
    expect(withoutMessages(await storedRejects(client, fileId))).toEqual([
      structureReject('3', 'column_count_mismatch', 'u,view,2026-01-02,p,n,1'),
      structureReject('4', 'column_count_mismatch', `${good},one,more`),
      structureReject('5', 'invalid_encoding', 'u\\xFF,view,2026-01-02,p,n,1,s'),
      structureReject('6', 'invalid_encoding', 'u,view,2026-01-02,p,n\\x00,1,s'),
      structureReject('7', 'malformed_quotes', 'u,view,2026-01-02,p,n",1,s'),
      {
        ...structureReject('9', 'record_too_long', good.replace('n', 'x'.repeat(6000)).slice(0, RAW_BYTES)),
        rawTruncated: true,
      },
      structureReject('11', 'malformed_quotes', '"open,view,2026-01-02,p,n,1,s'),
    ]);
  });
});

function lineOf(row: EventValues, columns: readonly string[], style: CsvStyle): string {
  return csvLine(
    columns.map((column) => (isEventColumn(column) ? row[column] : 'extra')),
    style,
  );
}

function isEventColumn(name: string): name is EventColumn {
  return EVENT_COLUMNS.some((column) => column === name);
}

/** What the contract makes of the rows, with PostgreSQL as the judge of each column. */
async function expectedRows(rows: readonly EventValues[], lines: readonly string[]) {
  const column = (name: EventColumn) => rows.map((row) => row[name]);
  const userIds = await rules.texts(column('user_id'));
  const instants = await rules.timestampVerdicts(TIME_ZONE, column('event_timestamp'));
  const productIds = await rules.texts(column('product_id'));
  const names = await rules.texts(column('product_name'));
  const prices = await rules.priceVerdicts(column('product_price'));
  const sessions = await rules.texts(column('session_id'));

  const events: StoredEvent[] = [];
  const rejects: Omit<StoredReject, 'message'>[] = [];
  let lineNumber = START_LINE;
  for (const [index, row] of rows.entries()) {
    const line = String(lineNumber);
    lineNumber += 1 + lineBreaksIn(lines[index] ?? '');
    const [userId, productId, name, session] = [userIds[index], productIds[index], names[index], sessions[index]];
    const micros = instants[index] ?? '';
    const price = prices[index] ?? '';
    const isType = EVENT_TYPES.some((type) => type === row.event_type);
    const faults: [EventColumn, string | undefined][] = [
      ['user_id', textFault(userId?.identifier, userId?.identifierLength, 50)],
      ['event_type', isType ? undefined : row.event_type.trim() === '' ? 'missing_value' : 'invalid_event_type'],
      ['event_timestamp', numberFault(micros)],
      ['product_id', textFault(productId?.identifier, productId?.identifierLength, 50)],
      ['product_name', textFault(name?.identifier, name?.length, 255)],
      ['product_price', numberFault(price)],
      ['session_id', textFault(session?.identifier, session?.length, 100)],
    ];
    const first = faults.find(([, fault]) => fault !== undefined);
    if (first !== undefined) {
      rejects.push({ line, reason: first[1] ?? '', column: first[0], ...rawOf(lines[index] ?? '') });
      continue;
    }
    events.push({
      line,
      userId: userId?.identifier ?? '',
      eventType: row.event_type,
      micros,
      productId: productId?.identifier ?? '',
      productName: row.product_name,
      price: price.padStart(3, '0').replace(/(?=..$)/, '.'),
      sessionId: row.session_id,
    });
  }
  return { events, rejects };
}

/** `identifier` is the text without the white space around it. */
function textFault(identifier: string | undefined, length: number | undefined, limit: number): string | undefined {
  if (identifier === undefined || identifier === '') return 'missing_value';
  return length !== undefined && length <= limit ? undefined : 'value_too_long';
}

function numberFault(verdict: string): string | undefined {
  return /^-?\d+$/.test(verdict) ? undefined : verdict;
}

function rawOf(line: string): { raw: string; rawTruncated: boolean } {
  let raw = '';
  let bytes = 0;
  for (const character of line) {
    bytes += Buffer.byteLength(character);
    if (bytes > RAW_BYTES) return { raw, rawTruncated: true };
    raw += character;
  }
  return { raw, rawTruncated: false };
}

function structureReject(line: string, reason: string, raw: string): Omit<StoredReject, 'message'> {
  return { line, reason, column: null, raw, rawTruncated: false };
}

function withoutMessages(rejects: readonly StoredReject[]): Omit<StoredReject, 'message'>[] {
  return rejects.map(({ message, ...reject }) => {
    expect(message).not.toBe('');
    return reject;
  });
}
