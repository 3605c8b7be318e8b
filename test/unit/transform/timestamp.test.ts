import { describe, expect, test } from 'vitest';
import { createLocalTime } from '../../../src/ingest/transform/local-time.ts';
import { microsOf, quickMicrosOf } from '../../support/byte-readers.ts';

const utc = createLocalTime('UTC');

describe('D8 event_timestamp', () => {
  test.each([
    ['a date', '2026-03-01', '2026-03-01T00:00:00.000000Z'],
    ['T and minutes', '2026-03-01T10:20', '2026-03-01T10:20:00.000000Z'],
    ['a space and minutes', '2026-03-01 10:20', '2026-03-01T10:20:00.000000Z'],
    ['seconds', '2026-03-01 10:20:30', '2026-03-01T10:20:30.000000Z'],
    ['one digit of a fraction', '2026-03-01 10:20:30.5', '2026-03-01T10:20:30.500000Z'],
    ['six digits of a fraction', '2026-03-01T10:20:30.123456', '2026-03-01T10:20:30.123456Z'],
    ['Z', '2026-03-01T10:20:30Z', '2026-03-01T10:20:30.000000Z'],
    ['Z directly after the date', '2026-03-01Z', '2026-03-01T00:00:00.000000Z'],
    ['Z after minutes', '2026-03-01 10:20Z', '2026-03-01T10:20:00.000000Z'],
    ['an offset in hours', '2026-03-01T10:20:30+02', '2026-03-01T08:20:30.000000Z'],
    ['an offset in hours and minutes', '2026-03-01T10:20:30-05:45', '2026-03-01T16:05:30.000000Z'],
    ['an offset after a short fraction', '2026-03-01T10:20:30.1+05:30', '2026-03-01T04:50:30.100000Z'],
    ['an offset after minutes', '2026-03-01T10:20+01:00', '2026-03-01T09:20:00.000000Z'],
    ['a positive offset directly after the date', '2026-03-01+05:30', '2026-02-28T18:30:00.000000Z'],
    ['a negative offset directly after the date', '2026-03-01-05', '2026-03-01T05:00:00.000000Z'],
    ['the offset -00:00', '2026-03-01T10:20-00:00', '2026-03-01T10:20:00.000000Z'],
    ['an instant before 1970', '1969-12-31T23:59:59.999999Z', '1969-12-31T23:59:59.999999Z'],
    ['a year below 100, which is not 19xx', '0099-07-04T00:00:00Z', '0099-07-04T00:00:00.000000Z'],
  ])('may have %s: %s', (_, value, instant) => {
    expect(verdict(value)).toBe(instant);
  });

  test.each([
    ['2026-01-01', '2026-00-01', 'month'],
    ['2026-12-31', '2026-13-01', 'month'],
    ['2026-01-01', '2026-01-00', 'not in the calendar'],
    ['2026-01-31', '2026-01-32', 'not in the calendar'],
    ['2026-04-30', '2026-04-31', 'not in the calendar'],
    ['2026-02-28', '2026-02-29', 'not in the calendar'],
    ['2024-02-29', '2024-02-30', 'not in the calendar'],
    ['2000-02-29', '1900-02-29', 'not in the calendar'],
    ['2400-02-29', '2100-02-29', 'not in the calendar'],
    ['0004-02-29', '0100-02-29', 'not in the calendar'],
    ['0001-01-01', '0000-12-31', 'year 0000'],
    ['2026-01-01T00:00', '2026-01-01T24:00', 'hour'],
    ['2026-01-01T23:59', '2026-01-01T23:60', 'minute'],
    ['2026-01-01T23:59:59', '2026-01-01T23:59:60', 'second'],
    ['2026-01-01T00:00+15:59', '2026-01-01T00:00+16:00', '±15:59'],
    ['2026-01-01T00:00-15:59', '2026-01-01T00:00-16', '±15:59'],
    ['2026-01-01T00:00+14:59', '2026-01-01T00:00+14:60', '±15:59'],
    ['0001-01-01T15:59+15:59', '0001-01-01T15:58+15:59', 'years 0001 to 9999'],
    ['9999-12-31T08:00:59.999999-15:59', '9999-12-31T08:01-15:59', 'years 0001 to 9999'],
    ['0001-01-01T00:00:00Z', '0001-01-01+01', 'years 0001 to 9999'],
    ['9999-12-31T23:59:59.9999999Z', '9999-12-31T23:59:59.9999999-00:01', 'years 0001 to 9999'],
  ])('may be %s but not %s', (inside, outside, fault) => {
    expect(verdict(inside)).toMatch(/^\d{4}-/);
    expect(microsOf(outside, utc)).toEqual({
      reason: 'invalid_timestamp',
      column: 'event_timestamp',
      message: expect.stringContaining(fault),
    });
  });

  test.each([
    ['2026-01-01T00:00:00.1234567', '2026-01-01T00:00:00.123456Z'],
    ['2026-01-01T00:00:00.9999999', '2026-01-01T00:00:00.999999Z'],
    ['2026-12-31T23:59:59.9999999999Z', '2026-12-31T23:59:59.999999Z'],
    ['2026-01-01T00:00:00.0000009', '2026-01-01T00:00:00.000000Z'],
    [`2026-01-01T00:00:00.${'9'.repeat(1_000_000)}+01:00`, '2025-12-31T23:00:00.999999Z'],
    ['1969-12-31T23:59:59.0000019', '1969-12-31T23:59:59.000001Z'],
  ])('is cut after six digits of the fraction, not rounded (%#)', (value, instant) => {
    expect(verdict(value)).toBe(instant);
  });

  test.each([
    // words that PostgreSQL reads as an instant
    'now',
    'today',
    'tomorrow',
    'yesterday',
    'epoch',
    'infinity',
    '-infinity',
    'NaN',
    'null',
    // white space
    ' 2026-01-01',
    '2026-01-01 ',
    '2026-01-01T',
    '2026-01-01  10:00',
    '2026-01-01T 10:00',
    '2026-01-01 10:00 Z',
    '2026-01-01\t10:00',
    '2026-01-01\u00a010:00',
    '2026-01-01T10:00\n',
    // incomplete and over-complete
    '2026',
    '2026-01',
    '2026-1-1',
    '26-01-01',
    '12026-01-01',
    '+002026-01-01',
    '-2026-01-01',
    '2026-01-01T10',
    '2026-01-01T1:00',
    '2026-01-01T10:0',
    '2026-01-01T10:00:',
    '2026-01-01T10:00:0',
    '2026-01-01T10:00:00.',
    '2026-01-01T10:00:00.Z',
    '2026-01-01T10:00.5',
    '2026-01-01T10:00:00,5',
    '2026-01-01T10:00:00.5.5',
    '2026-01-01T10:00:00x',
    // zones
    '2026-01-01T10:00z',
    '2026-01-01t10:00',
    '2026-01-01T10:00ZZ',
    '2026-01-01T10:00Z+01',
    '2026-01-01T10:00UTC',
    '2026-01-01T10:00+',
    '2026-01-01T10:00+1',
    '2026-01-01T10:00+01:',
    '2026-01-01T10:00+01:0',
    '2026-01-01T10:00+0100',
    '2026-01-01T10:00+01:00:00',
    '2026-01-01T10:00 Europe/Berlin',
    '2026-01-01T10:00+01:00[Europe/Berlin]',
    '2026-01-01T10:00\u221201:00',
    '2026-01-01++01',
    // other notations
    '01/02/2026',
    '2026/01/02',
    '20260102',
    '20260102T101010Z',
    '2026-W01-1',
    '2026-001',
    '1767225600',
    '2026-01-01 10:00 AM',
    '2026-01-01 BC',
    'Thu, 01 Jan 2026 00:00:00 GMT',
    '２０２６-01-01',
    '2026-01-01T10-00',
    '2026-01-01-10:00:00',
    'YYYY-MM-DD',
    '20x6-01-01',
    '2026-0x-01',
    '2026-01-x1',
    '2026-01-01T1x:00',
    '2026-01-01T10:x0',
    '2026-01-01T10:00:0x',
    '2026-01-01T10:00+0x',
    '2026-01-01T10:00+01:x0',
    '2026:01-01',
    '2026-01:01',
    '2026-01-01T10-00:00',
    '2026-01-01T10:00+01-00',
  ])('%j is not of the allowed form', (value) => {
    expect(microsOf(value, utc)).toEqual({
      reason: 'invalid_timestamp',
      column: 'event_timestamp',
      message: expect.stringContaining('is not a timestamp of the form YYYY-MM-DD'),
    });
  });

  test.each(['', ' ', '\t\u00a0'])('is missing as %j', (value) => {
    expect(microsOf(value, utc)).toMatchObject({ reason: 'missing_value', column: 'event_timestamp' });
  });

  // The calendar repeats after 400 years, so its first and its last such cycle stand for all of them.
  test.each(['0001-01-01', '9600-01-01'])('agrees with Date on every day of the 400 years from %s', (firstDay) => {
    const first = Date.parse(`${firstDay}T00:00:00Z`);
    const wrong: string[] = [];
    for (let number = 0; number < 146_097; number++) {
      const dayMs = first + number * 86_400_000;
      const day = new Date(dayMs).toISOString().slice(0, 10);
      if (quickMicrosOf(day, utc) !== BigInt(dayMs) * 1000n) wrong.push(day);
    }
    expect(wrong).toEqual([]);
  });

  test('of a zone counts in UTC where its years end, too', () => {
    const kathmandu = createLocalTime('Asia/Kathmandu'); // local mean time +05:41:16 in the year 1, +05:45 today
    expect(microsOf('0001-01-01T05:41:16', kathmandu)).toBe(microsAt('0001-01-01T00:00:00Z'));
    expect(microsOf('0001-01-01T05:41:15', kathmandu)).toMatchObject({ reason: 'invalid_timestamp' });
    const newYork = createLocalTime('America/New_York');
    expect(microsOf('9999-12-31T18:59:59.999', newYork)).toBe(microsAt('9999-12-31T23:59:59.999Z'));
    expect(microsOf('9999-12-31T19:00', newYork)).toMatchObject({ reason: 'invalid_timestamp' });
  });
});

/** The instant with its microseconds, or the reason of the rejection. */
function verdict(value: string): string {
  const micros = microsOf(value, utc);
  if (typeof micros === 'object') return micros.reason;
  // BigInt divides towards zero, but the milliseconds of an instant before 1970 are rounded down.
  const below = ((micros % 1000n) + 1000n) % 1000n;
  const ms = Number((micros - below) / 1000n);
  return new Date(ms).toISOString().replace('Z', `${String(below).padStart(3, '0')}Z`);
}

function microsAt(instant: string): bigint {
  return BigInt(Date.parse(instant)) * 1000n;
}
