import { describe, expect, test } from 'vitest';
import { createLocalTime } from '../../../src/ingest/transform/local-time.ts';
import { isTimeZone } from '../../../src/ingest/transform/time-zone.ts';

describe('D8 a local time', () => {
  test.each([
    // zone, local time, instant
    ['UTC', '2026-07-01T12:00', '2026-07-01T12:00'],
    ['Etc/UTC', '2026-07-01T12:00', '2026-07-01T12:00'],
    ['America/New_York', '2026-01-01T12:00', '2026-01-01T17:00'],
    ['America/New_York', '2026-07-01T12:00', '2026-07-01T16:00'],
    ['Asia/Kathmandu', '2026-01-01T00:00', '2025-12-31T18:15'],
    ['Asia/Kathmandu', '1985-12-31T23:59:59', '1985-12-31T18:29:59'],
    ['Australia/Lord_Howe', '2026-01-01T12:00', '2026-01-01T01:00'],
    ['America/New_York', '1883-11-17T12:00', '1883-11-17T16:56:02'],
    ['America/New_York', '9999-07-01T12:00', '9999-07-01T16:00'],
    ['Asia/Kathmandu', '0001-01-01T12:00', '0001-01-01T06:18:44'],
  ])('of %s, %s, is the instant %s', (zone, local, instant) => {
    expect(instantOf(zone, local)).toBe(asUtc(instant));
  });

  test.each([
    ['America/New_York', '2026-03-08T01:59:59', '2026-03-08T06:59:59'],
    ['America/New_York', '2026-03-08T02:00', '2026-03-08T07:00'],
    ['America/New_York', '2026-03-08T02:59:59', '2026-03-08T07:59:59'],
    ['America/New_York', '2026-03-08T03:00', '2026-03-08T07:00'],
    ['Australia/Lord_Howe', '2026-10-04T01:59:59', '2026-10-03T15:29:59'],
    ['Australia/Lord_Howe', '2026-10-04T02:15', '2026-10-03T15:45'],
    ['Australia/Lord_Howe', '2026-10-04T02:30', '2026-10-03T15:30'],
    ['Pacific/Apia', '2011-12-29T23:59', '2011-12-30T09:59'],
    ['Pacific/Apia', '2011-12-30T12:00', '2011-12-30T22:00'],
    ['Pacific/Apia', '2011-12-31T00:00', '2011-12-30T10:00'],
  ])('that a clock change of %s skips, or that is near it, is read with the offset before it: %s', (zone, local, instant) => {
    expect(instantOf(zone, local)).toBe(asUtc(instant));
  });

  test.each([
    ['America/New_York', '2026-11-01T00:59:59', '2026-11-01T04:59:59'],
    ['America/New_York', '2026-11-01T01:00', '2026-11-01T06:00'],
    ['America/New_York', '2026-11-01T01:59:59', '2026-11-01T06:59:59'],
    ['America/New_York', '2026-11-01T02:00', '2026-11-01T07:00'],
    ['America/New_York', '1883-11-18T11:59:59', '1883-11-18T16:56:01'],
    ['America/New_York', '1883-11-18T12:00', '1883-11-18T17:00'],
    ['Australia/Lord_Howe', '2026-04-05T01:29:59', '2026-04-04T14:29:59'],
    ['Australia/Lord_Howe', '2026-04-05T01:30', '2026-04-04T15:00'],
    ['Australia/Lord_Howe', '2026-04-05T02:00', '2026-04-04T15:30'],
    ['Europe/Moscow', '2014-10-26T01:30', '2014-10-25T22:30'],
    ['Europe/Dublin', '2026-10-25T01:30', '2026-10-25T01:30'],
  ])('that occurs twice in %s, or that is near it, is read with the offset after the change: %s', (zone, local, instant) => {
    expect(instantOf(zone, local)).toBe(asUtc(instant));
  });

  test('is the same after more days than the cache of a zone holds', () => {
    const instantOfLocalTime = createLocalTime('America/New_York');
    const first = asUtc('1990-01-01T12:00');
    const noons = Array.from({ length: 6000 }, (_, day) => first + day * 86_400_000);
    expect(noons.map(instantOfLocalTime)).toEqual(noons.map((noon) => createdAnew(noon)));

    function createdAnew(noon: number): number {
      const hour = new Intl.DateTimeFormat('en-US', {
        timeZone: 'America/New_York',
        hour: '2-digit',
        hourCycle: 'h23',
      });
      // New York is four or five hours behind: the one of the two instants at which its clocks show noon.
      return hour.format(noon + 4 * 3_600_000) === '12' ? noon + 4 * 3_600_000 : noon + 5 * 3_600_000;
    }
  });

  test('of what is not a time zone is refused when the clock is made, not at the first row', () => {
    expect(() => createLocalTime('Mars/Olympus')).toThrow(RangeError);
    expect(() => createLocalTime('')).toThrow('"" is not a time zone');
  });
});

describe('D8 a time zone', () => {
  test.each([
    'UTC',
    'utc',
    'Etc/UTC',
    'GMT',
    'Europe/Berlin',
    'europe/berlin',
    'Asia/Calcutta',
    'Asia/Kolkata',
    'Etc/GMT+5',
  ])('may be named %s', (name) => {
    expect(isTimeZone(name)).toBe(true);
  });

  test.each([
    '',
    ' ',
    'Mars/Olympus',
    'Berlin',
    '+05:30',
    '-08',
    'UTC+1',
    ' UTC',
    'UTC ',
    'local',
    'system',
    'CEST',
  ])('must not be named %j', (name) => {
    expect(isTimeZone(name)).toBe(false);
  });
});

function instantOf(zone: string, local: string): number {
  return createLocalTime(zone)(asUtc(local));
}

function asUtc(text: string): number {
  return Date.parse(`${text}Z`);
}
