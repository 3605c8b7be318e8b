import { describe, expect, test } from 'vitest';
import { EVENT_COLUMNS, type EventColumn } from '../../../src/ingest/event-columns.ts';
import { createLocalTime } from '../../../src/ingest/transform/local-time.ts';
import { type CsvStyle, PLAIN_STYLE, QUOTED_STYLE } from '../../support/csv-line.ts';
import { type EncodedEvent, type EncodingOptions, type EventValues, encodeRows } from '../../support/encoded-events.ts';

const CLEAN: EventValues = {
  user_id: ' user_7 ',
  event_type: 'purchase',
  event_timestamp: '2026-01-02T03:04:05.678901Z',
  product_id: 'sku-ß',
  product_name: ' Lamp ',
  product_price: '19.995',
  session_id: ' s-1',
};

const CLEAN_EVENT: EncodedEvent = {
  userId: 'USER_7',
  eventType: 'purchase',
  micros: BigInt(Date.parse('2026-01-02T03:04:05.678Z')) * 1000n + 901n,
  productId: 'SKU-SS',
  productName: ' Lamp ',
  cents: 2000n,
  sessionId: ' s-1',
  fileId: 1n,
  line: 2n,
};

const STYLES: [string, CsvStyle][] = [
  ['quoted where needed', PLAIN_STYLE],
  ['with every field quoted', QUOTED_STYLE],
];

const BROKEN: [EventColumn, string, string][] = [
  ['user_id', 'value_too_long', 'x'.repeat(51)],
  ['event_type', 'invalid_event_type', 'View'],
  ['event_timestamp', 'invalid_timestamp', '2026-02-30'],
  ['product_id', 'value_too_long', 'x'.repeat(51)],
  ['product_name', 'value_too_long', 'x'.repeat(256)],
  ['product_price', 'invalid_price', '1,5'],
  ['product_price', 'non_positive_price', '0'],
  ['product_price', 'price_out_of_range', '1e9'],
  ['session_id', 'value_too_long', 'x'.repeat(101)],
];

describe.each(STYLES)('a row %s', (_, style) => {
  test('becomes a clean event', () => {
    expect(outcome({}, { style })).toEqual(CLEAN_EVENT);
  });

  test.each(EVENT_COLUMNS)('is rejected if %s is missing', (column) => {
    for (const missing of ['', '  ', '\t', '\u3000']) {
      expect(outcome({ [column]: missing }, { style })).toEqual({
        reason: 'missing_value',
        column,
        message: `${column} is missing: it must hold more than white space`,
      });
    }
  });

  test.each(BROKEN)('is rejected if %s breaks its rule: %s', (column, reason, value) => {
    expect(outcome({ [column]: value }, { style })).toMatchObject({ reason, column });
  });

  test('has the first of its faults, in the order of the columns', () => {
    const mended: Partial<Record<EventColumn, string>> = {};
    const allBroken = Object.fromEntries(EVENT_COLUMNS.map((name) => [name, '']));
    for (const column of EVENT_COLUMNS) {
      expect(outcome({ ...allBroken, ...mended }, { style })).toMatchObject({ reason: 'missing_value', column });
      mended[column] = CLEAN[column];
    }
    expect(outcome(mended, { style })).toEqual(CLEAN_EVENT);
  });
});

describe('a rejected row', () => {
  test('leaves no byte behind among its neighbours, whichever column breaks', () => {
    const rows = BROKEN.flatMap(([column, , value]) => [CLEAN, { ...CLEAN, [column]: value }]);
    const outcomes = encodeRows([...rows, CLEAN]);
    expect(outcomes).toEqual([
      ...BROKEN.flatMap(([column, reason], index) => [
        { ...CLEAN_EVENT, line: BigInt(2 + 2 * index) },
        expect.objectContaining({ reason, column }),
      ]),
      { ...CLEAN_EVENT, line: BigInt(2 + rows.length) },
    ]);
  });
});

describe('the columns of the file', () => {
  test.each(EVENT_COLUMNS.map((_, shift) => shift))('may come in any order, turned by %i', (shift) => {
    const turned = [...EVENT_COLUMNS.slice(shift), ...EVENT_COLUMNS.slice(0, shift)];
    expect(outcome({}, { columns: turned })).toEqual(CLEAN_EVENT);
    expect(outcome({}, { columns: turned.toReversed() })).toEqual(CLEAN_EVENT);
    for (const [column, reason, value] of BROKEN) {
      expect(outcome({ [column]: value, session_id: '' }, { columns: turned.toReversed() })).toMatchObject(
        column === 'session_id' ? { reason: 'missing_value', column } : { reason, column },
      );
    }
  });

  test('may be more than an event has, before, between and behind its own', () => {
    const [first = '', ...others] = EVENT_COLUMNS;
    for (const columns of [
      ['note', ...EVENT_COLUMNS],
      [...EVENT_COLUMNS, 'note'],
      ['note', first, 'remark', ...others, 'comment'],
    ]) {
      expect(outcome({}, { columns })).toEqual(CLEAN_EVENT);
      expect(outcome({ session_id: ' ' }, { columns })).toMatchObject({ column: 'session_id' });
    }
  });
});

describe('the place of a row', () => {
  test.each([
    1,
    255,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 32 + 1,
    2 ** 40 + 7,
  ])('may be file and line %i', (number) => {
    expect(outcome({}, { fileId: number, startLine: number })).toEqual({
      ...CLEAN_EVENT,
      fileId: BigInt(number),
      line: BigInt(number),
    });
  });
});

describe('a price', () => {
  test.each([
    ['0.01', 1n],
    ['0.10', 10n],
    ['1', 100n],
    ['9999.99', 999_999n],
    ['10000.00', 1_000_000n],
    ['10000.01', 1_000_001n],
    ['10001', 1_000_100n],
    ['12340000.00', 1_234_000_000n],
    ['12340000.10', 1_234_000_010n],
    ['99990000', 9_999_000_000n],
    ['99999999.99', 9_999_999_999n],
  ])('%s is written in the digits that PostgreSQL itself would use, and no more', (product_price, cents) => {
    expect(outcome({ product_price })).toMatchObject({ cents });
  });
});

describe('a timestamp without a zone', () => {
  test('is in the zone that the encoder was given', () => {
    const instantOfLocalTime = createLocalTime('America/New_York');
    expect(outcome({ event_timestamp: '2026-01-02 03:04' }, { instantOfLocalTime })).toMatchObject({
      micros: microsAt('2026-01-02T08:04:00Z'),
    });
    expect(outcome({ event_timestamp: '2026-01-02 03:04Z' }, { instantOfLocalTime })).toMatchObject({
      micros: microsAt('2026-01-02T03:04:00Z'),
    });
  });

  test('keeps nothing of the fraction that the row before it had', () => {
    const rows = ['2026-01-02T03:04:05.678901Z', '2026-01-02T03:04:05Z', '2026-01-02', '2026-01-02T03:04:05.1Z'];
    expect(encodeRows(rows.map((event_timestamp) => ({ ...CLEAN, event_timestamp })))).toMatchObject([
      { micros: microsAt('2026-01-02T03:04:05.678Z') + 901n },
      { micros: microsAt('2026-01-02T03:04:05Z') },
      { micros: microsAt('2026-01-02T00:00:00Z') },
      { micros: microsAt('2026-01-02T03:04:05.1Z') },
    ]);
  });

  test.each([
    ['UTC', 0],
    ['America/New_York', 300],
    ['Asia/Kathmandu', -345],
  ])('is the same instant on a host in %s', (hostZone, minutesBehindUtc) => {
    withHostZone(hostZone, () => {
      expect(new Date('2026-01-02T00:00:00Z').getTimezoneOffset()).toBe(minutesBehindUtc);
      const instants = ['UTC', 'Europe/Berlin'].map((zone) =>
        outcome({ event_timestamp: '2026-01-02 03:04' }, { instantOfLocalTime: createLocalTime(zone) }),
      );
      expect(instants).toMatchObject([
        { micros: microsAt('2026-01-02T03:04:00Z') },
        { micros: microsAt('2026-01-02T02:04:00Z') },
      ]);
    });
  });
});

function outcome(values: Partial<EventValues>, options: Partial<EncodingOptions> = {}) {
  return encodeRows([{ ...CLEAN, ...values }], options)[0];
}

function microsAt(instant: string): bigint {
  return BigInt(Date.parse(instant)) * 1000n;
}

/** Node follows an assignment to TZ at once, in this process only; each test file has a process of its own. */
function withHostZone(hostZone: string, check: () => void): void {
  const before = process.env['TZ'];
  process.env['TZ'] = hostZone;
  try {
    check();
  } finally {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  }
}
