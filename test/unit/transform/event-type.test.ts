import { describe, expect, test } from 'vitest';
import { EVENT_TYPES } from '../../../src/ingest/event-columns.ts';
import { eventTypeOf } from '../../support/byte-readers.ts';

describe('event_type', () => {
  test.each(EVENT_TYPES)('may be %s', (eventType) => {
    expect(eventTypeOf(eventType)).toBe(eventType);
  });

  test.each([
    'View',
    'PURCHASE',
    ' view',
    'view ',
    'views',
    'vie',
    'add-to-cart',
    'add_to_cart\u200b',
    'vıew',
    'null',
    '0',
    'constructor',
  ])('must not be %j', (value) => {
    expect(eventTypeOf(value)).toMatchObject({ reason: 'invalid_event_type', column: 'event_type' });
  });

  test.each(['', ' ', '\t\u00a0'])('is missing as %j', (value) => {
    expect(eventTypeOf(value)).toMatchObject({ reason: 'missing_value', column: 'event_type' });
  });

  test('names the allowed types and makes a stray space visible', () => {
    expect(eventTypeOf('view\u00a0')).toMatchObject({
      message:
        'event_type must be exactly one of view, add_to_cart, purchase, remove_from_cart (case and spaces count), not "view\\u{a0}"',
    });
  });
});
