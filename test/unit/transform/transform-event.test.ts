import { describe, expect, test } from 'vitest';
import { EVENT_COLUMNS, type EventColumn } from '../../../src/ingest/event-columns.ts';
import { createEventTransform } from '../../../src/ingest/transform/transform-event.ts';

const transform = createEventTransform({ timeZone: 'UTC' });

const CLEAN: Record<EventColumn, string> = {
  user_id: ' user_7 ',
  event_type: 'purchase',
  event_timestamp: '2026-01-02T03:04:05.678901Z',
  product_id: 'sku-ß',
  product_name: ' Lamp ',
  product_price: '19.995',
  session_id: ' s-1',
};

describe('a row', () => {
  test('becomes a clean event', () => {
    expect(transform(row({}))).toEqual({
      ok: true,
      event: {
        userId: 'USER_7',
        eventType: 'purchase',
        timestampMs: Date.parse('2026-01-02T03:04:05.678Z'),
        timestampMicros: 901,
        productId: 'SKU-SS',
        productName: ' Lamp ',
        priceCents: 2000,
        sessionId: ' s-1',
      },
    });
  });

  test.each(EVENT_COLUMNS)('is rejected if %s is missing', (column) => {
    for (const missing of ['', '  ', '\t', '\u3000']) {
      expect(transform(row({ [column]: missing }))).toEqual({
        ok: false,
        rejection: {
          reason: 'missing_value',
          column,
          message: `${column} is missing: it must hold more than white space`,
        },
      });
    }
  });

  test.each([
    ['user_id', 'value_too_long', 'x'.repeat(51)],
    ['event_type', 'invalid_event_type', 'View'],
    ['event_timestamp', 'invalid_timestamp', '2026-02-30'],
    ['product_id', 'value_too_long', 'x'.repeat(51)],
    ['product_name', 'value_too_long', 'x'.repeat(256)],
    ['product_price', 'invalid_price', '1,5'],
    ['product_price', 'non_positive_price', '0'],
    ['product_price', 'price_out_of_range', '1e9'],
    ['session_id', 'value_too_long', 'x'.repeat(101)],
  ] as const)('is rejected if %s breaks its rule: %s', (column, reason, value) => {
    expect(transform(row({ [column]: value }))).toMatchObject({ ok: false, rejection: { reason, column } });
  });

  test('has the first of its faults, in the order of the columns', () => {
    const mended: Partial<Record<EventColumn, string>> = {};
    for (const column of EVENT_COLUMNS) {
      const allOthersBroken = Object.fromEntries(EVENT_COLUMNS.map((name) => [name, '']));
      expect(transform(row({ ...allOthersBroken, ...mended }))).toMatchObject({ ok: false, rejection: { column } });
      mended[column] = CLEAN[column];
    }
    expect(transform(row(mended))).toMatchObject({ ok: true });
  });

  test('may have spare values behind the seventh, and lacks those that it does not have', () => {
    expect(transform([...row({}), 'spare'])).toEqual(transform(row({})));
    expect(transform(row({}).slice(0, 6))).toMatchObject({
      rejection: { reason: 'missing_value', column: 'session_id' },
    });
  });
});

describe('a timestamp without a zone', () => {
  test('is in the zone of the transform', () => {
    const inNewYork = createEventTransform({ timeZone: 'America/New_York' });
    expect(inNewYork(row({ event_timestamp: '2026-01-02 03:04' }))).toMatchObject({
      event: { timestampMs: Date.parse('2026-01-02T08:04:00Z'), timestampMicros: 0 },
    });
    expect(inNewYork(row({ event_timestamp: '2026-01-02 03:04Z' }))).toMatchObject({
      event: { timestampMs: Date.parse('2026-01-02T03:04:00Z'), timestampMicros: 0 },
    });
  });

  test.each([
    ['UTC', 0],
    ['America/New_York', 300],
    ['Asia/Kathmandu', -345],
  ])('is the same instant on a host in %s', (hostZone, minutesBehindUtc) => {
    withHostZone(hostZone, () => {
      expect(new Date('2026-01-02T00:00:00Z').getTimezoneOffset()).toBe(minutesBehindUtc);
      const instants = ['UTC', 'Europe/Berlin'].map((timeZone) =>
        createEventTransform({ timeZone })(row({ event_timestamp: '2026-01-02 03:04' })),
      );
      expect(instants).toMatchObject([
        { event: { timestampMs: Date.UTC(2026, 0, 2, 3, 4) } },
        { event: { timestampMs: Date.UTC(2026, 0, 2, 2, 4) } },
      ]);
    });
  });

  test('needs a zone that exists', () => {
    expect(() => createEventTransform({ timeZone: 'Mars/Olympus' })).toThrow(RangeError);
  });
});

function row(values: Partial<Record<EventColumn, string>>): string[] {
  return EVENT_COLUMNS.map((column) => values[column] ?? CLEAN[column]);
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
