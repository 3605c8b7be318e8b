import { COLON, isDigit, MINUS, PLUS, POINT, SPACE, UPPER_T, UPPER_Z, ZERO } from './ascii.ts';
import { daysInMonth, daysSince1970, MS_PER_DAY, MS_PER_MINUTE } from './calendar.ts';
import type { Rejection } from './clean-event.ts';
import type { LocalTime } from './local-time.ts';
import { isMissing, missingValue } from './missing-value.ts';
import { quoted } from './quoted-value.ts';

/** 0001-01-01T00:00:00Z and the last millisecond of 9999-12-31 in UTC. */
const FIRST_INSTANT = -62_135_596_800_000;
const LAST_INSTANT = 253_402_300_799_999;

/** PostgreSQL refuses a larger hour: MAX_TZDISP_HOUR in src/include/datatype/timestamp.h. */
const MAX_OFFSET_HOUR = 15;

const FORM = 'YYYY-MM-DD, then optionally T or a space and HH:MM[:SS[.f]], then optionally Z or ±HH[:MM]';

const FAULTS = {
  form: `is not a timestamp of the form ${FORM}`,
  year: 'names the year 0000, allowed are 0001 to 9999',
  month: 'has a month that is not 01 to 12',
  day: 'names a day that is not in the calendar',
  hour: 'has an hour that is not 00 to 23',
  minute: 'has a minute that is not 00 to 59',
  second: 'has a second that is not 00 to 59',
  offset: `has an offset from UTC that is not within ±${MAX_OFFSET_HOUR}:59`,
  range: 'is outside the years 0001 to 9999 once turned into UTC',
} as const;

type TimestampFault = keyof typeof FAULTS;

/**
 * The instant that a timestamp names, in whole milliseconds since 1970-01-01T00:00:00Z, rounded down; its microseconds
 * are those of `timestampMicros`. Without an offset the timestamp is a local time of `instantOfLocalTime`.
 */
export function cleanTimestampMs(value: string, instantOfLocalTime: LocalTime): number | Rejection {
  const result = readTimestamp(value, instantOfLocalTime);
  if (typeof result === 'number') return result;
  if (isMissing(value)) return missingValue('event_timestamp');
  return {
    reason: 'invalid_timestamp',
    column: 'event_timestamp',
    message: `event_timestamp ${quoted(value)} ${FAULTS[result]}`,
  };
}

/**
 * The 0 to 999 microseconds by which a timestamp that `cleanTimestampMs` takes lies after its millisecond. Digits of
 * the fraction beyond the sixth are cut: rounding could move an event into the next day.
 */
export function timestampMicros(value: string): number {
  return microsOfSecond(value) % 1000;
}

function readTimestamp(text: string, instantOfLocalTime: LocalTime): number | TimestampFault {
  const dayMs = readDay(text);
  if (typeof dayMs === 'string') return dayMs;

  const separator = text.charCodeAt(10);
  const hasTime = separator === UPPER_T || separator === SPACE;
  const zoneAt = hasTime ? endOfTime(text) : 10;
  const timeMs = hasTime ? readTime(text, zoneAt) : 0;
  if (typeof timeMs === 'string') return timeMs;

  const localMs = dayMs + timeMs;
  if (zoneAt === text.length) return instantWithinRange(instantOfLocalTime(localMs));

  const offsetMs = readOffset(text, zoneAt);
  if (typeof offsetMs === 'string') return offsetMs;
  return instantWithinRange(localMs - offsetMs);
}

function instantWithinRange(instantMs: number): number | TimestampFault {
  return instantMs >= FIRST_INSTANT && instantMs <= LAST_INSTANT ? instantMs : 'range';
}

/** Midnight of the date that the text starts with, as if it were UTC. */
function readDay(text: string): number | TimestampFault {
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  if (year < 0 || month < 0 || day < 0) return 'form';
  if (text.charCodeAt(4) !== MINUS || text.charCodeAt(7) !== MINUS) return 'form';
  if (year === 0) return 'year';
  if (month === 0 || month > 12) return 'month';
  if (day === 0 || day > daysInMonth(year, month)) return 'day';
  return daysSince1970(year, month, day) * MS_PER_DAY;
}

/** Where HH:MM, HH:MM:SS or HH:MM:SS.f ends that starts at 11, by its separators and the digits of the fraction. */
function endOfTime(text: string): number {
  if (text.charCodeAt(16) !== COLON) return 16;
  if (text.charCodeAt(19) !== POINT) return 19;
  let end = 20;
  while (isDigit(text.charCodeAt(end))) end++;
  return end;
}

function readTime(text: string, end: number): number | TimestampFault {
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = end > 16 ? twoDigits(text, 17) : 0;
  if (hour < 0 || minute < 0 || second < 0) return 'form';
  const hasBarePoint = end === 20;
  if (text.charCodeAt(13) !== COLON || hasBarePoint) return 'form';
  if (hour > 23) return 'hour';
  if (minute > 59) return 'minute';
  if (second > 59) return 'second';
  const wholeSeconds = (hour * 60 + minute) * 60 + second;
  return wholeSeconds * 1000 + Math.floor(microsOfSecond(text) / 1000);
}

/** The first six digits of the fraction, which in this grammar can only stand after a point at 19. */
function microsOfSecond(text: string): number {
  if (text.length <= 20 || text.charCodeAt(19) !== POINT) return 0;
  let micros = 0;
  let weight = 100_000;
  for (let at = 20; at < 26 && isDigit(text.charCodeAt(at)); at++) {
    micros += (text.charCodeAt(at) - ZERO) * weight;
    weight /= 10;
  }
  return micros;
}

/** The offset that must fill the rest of the text, Z or ±HH[:MM], in milliseconds east of UTC. */
function readOffset(text: string, at: number): number | TimestampFault {
  const sign = text.charCodeAt(at);
  if (sign === UPPER_Z) return text.length === at + 1 ? 0 : 'form';
  if (sign !== PLUS && sign !== MINUS) return 'form';

  const hasMinutes = text.length !== at + 3;
  if (hasMinutes && (text.length !== at + 6 || text.charCodeAt(at + 3) !== COLON)) return 'form';
  const hours = twoDigits(text, at + 1);
  const minutes = hasMinutes ? twoDigits(text, at + 4) : 0;
  if (hours < 0 || minutes < 0) return 'form';
  if (hours > MAX_OFFSET_HOUR || minutes > 59) return 'offset';

  const offsetMs = (hours * 60 + minutes) * MS_PER_MINUTE;
  return sign === MINUS ? -offsetMs : offsetMs;
}

/** So far below zero that a sum with the weight 1 or 100 stays below zero, too. */
const NOT_TWO_DIGITS = -10_000;

function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at);
  const ones = text.charCodeAt(at + 1);
  return isDigit(tens) && isDigit(ones) ? (tens - ZERO) * 10 + (ones - ZERO) : NOT_TWO_DIGITS;
}
