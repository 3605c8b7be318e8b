import { COLON, isDigit, MINUS, PLUS, POINT, SPACE, UPPER_T, UPPER_Z, ZERO } from './ascii.ts';
import { daysInMonth, daysSince1970, MS_PER_DAY, MS_PER_MINUTE } from './calendar.ts';
import type { LocalTime } from './local-time.ts';
import { isMissing, missingValue } from './missing-value.ts';
import { quoted } from './quoted-value.ts';
import type { Rejection } from './rejection.ts';

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

export type TimestampFault = keyof typeof FAULTS;

/** `YYYY-MM-DD`, `HH:MM` and `:SS`, in bytes. */
const DATE_LENGTH = 10;
const MINUTES_LENGTH = 5;
const SECONDS_LENGTH = 3;
const MICRO_DIGITS = 6;

/** An instant: a double can't hold the microseconds of the year 9999 in one number. Used again for every row. */
export interface Instant {
  /** whole milliseconds since 1970-01-01T00:00:00Z, rounded down, so negative before 1970 … */
  ms: number;
  /** … plus 0 to 999 microseconds */
  micros: number;
}

/**
 * Reads a timestamp into `instant`. Without an offset it is a local time of `instantOfLocalTime`. Digits of the fraction
 * beyond the sixth are cut: rounding could move an event into the next day. After a fault `instant` means nothing.
 */
export function readTimestamp(
  bytes: Uint8Array,
  start: number,
  end: number,
  instantOfLocalTime: LocalTime,
  instant: Instant,
): TimestampFault | undefined {
  if (end - start < DATE_LENGTH) return 'form';
  const days = readDays(bytes, start);
  if (typeof days === 'string') return days;

  let zoneAt = start + DATE_LENGTH;
  let timeMs = 0;
  instant.micros = 0;
  if (zoneAt < end && (bytes[zoneAt] === UPPER_T || bytes[zoneAt] === SPACE)) {
    const timeAt = zoneAt + 1;
    zoneAt = endOfTime(bytes, timeAt, end);
    if (zoneAt === NO_TIME) return 'form';
    const seconds = readSeconds(bytes, timeAt, zoneAt);
    if (typeof seconds === 'string') return seconds;
    const micros = microsOfSecond(bytes, timeAt + MINUTES_LENGTH + SECONDS_LENGTH + 1, zoneAt);
    const ms = Math.floor(micros / 1000);
    timeMs = seconds * 1000 + ms;
    instant.micros = micros - ms * 1000;
  }

  const localMs = days * MS_PER_DAY + timeMs;
  if (zoneAt === end) {
    instant.ms = instantOfLocalTime(localMs);
  } else {
    const offsetMinutes = readOffsetMinutes(bytes, zoneAt, end);
    if (typeof offsetMinutes === 'string') return offsetMinutes;
    instant.ms = localMs - offsetMinutes * MS_PER_MINUTE;
  }
  return instant.ms >= FIRST_INSTANT && instant.ms <= LAST_INSTANT ? undefined : 'range';
}

/** Says what is wrong with a value that {@link readTimestamp} refuses. */
export function timestampRejection(value: string, fault: TimestampFault): Rejection {
  if (isMissing(value)) return missingValue('event_timestamp');
  return {
    reason: 'invalid_timestamp',
    column: 'event_timestamp',
    message: `event_timestamp ${quoted(value)} ${FAULTS[fault]}`,
  };
}

/** Days from 1970-01-01 to the date at `at`. */
function readDays(bytes: Uint8Array, at: number): number | TimestampFault {
  const year = twoDigits(bytes, at) * 100 + twoDigits(bytes, at + 2);
  const month = twoDigits(bytes, at + 5);
  const day = twoDigits(bytes, at + 8);
  if (year < 0 || month < 0 || day < 0) return 'form';
  if (bytes[at + 4] !== MINUS || bytes[at + 7] !== MINUS) return 'form';
  if (year === 0) return 'year';
  if (month === 0 || month > 12) return 'month';
  if (day === 0 || day > daysInMonth(year, month)) return 'day';
  return daysSince1970(year, month, day);
}

/** How many microseconds the last of so many digits of a fraction counts. */
const MICROS_PER_UNIT = [0, 100_000, 10_000, 1000, 100, 10, 1];

const NO_TIME = -1;

/** Where HH:MM, HH:MM:SS or HH:MM:SS.f ends, by its separators and the digits of the fraction; NO_TIME where it is cut short. */
function endOfTime(bytes: Uint8Array, at: number, end: number): number {
  const minutesEnd = at + MINUTES_LENGTH;
  if (minutesEnd > end) return NO_TIME;
  if (minutesEnd === end || bytes[minutesEnd] !== COLON) return minutesEnd;
  const secondsEnd = minutesEnd + SECONDS_LENGTH;
  if (secondsEnd > end) return NO_TIME;
  if (secondsEnd === end || bytes[secondsEnd] !== POINT) return secondsEnd;
  let fractionEnd = secondsEnd + 1;
  while (fractionEnd < end && isDigit(bytes[fractionEnd] as number)) fractionEnd++;
  return fractionEnd === secondsEnd + 1 ? NO_TIME : fractionEnd;
}

/** The whole seconds since midnight of the time between `at` and `end`. */
function readSeconds(bytes: Uint8Array, at: number, end: number): number | TimestampFault {
  const hour = twoDigits(bytes, at);
  const minute = twoDigits(bytes, at + 3);
  const second = end > at + MINUTES_LENGTH ? twoDigits(bytes, at + 6) : 0;
  if (hour < 0 || minute < 0 || second < 0 || bytes[at + 2] !== COLON) return 'form';
  if (hour > 23) return 'hour';
  if (minute > 59) return 'minute';
  if (second > 59) return 'second';
  return (hour * 60 + minute) * 60 + second;
}

/** The microseconds that the first six digits of a fraction stand for; 0 where there is none between `at` and `end`. */
function microsOfSecond(bytes: Uint8Array, at: number, end: number): number {
  const digits = Math.min(MICRO_DIGITS, end - at);
  if (digits <= 0) return 0;
  let value = 0;
  for (let index = 0; index < digits; index++) value = value * 10 + (bytes[at + index] as number) - ZERO;
  return value * (MICROS_PER_UNIT[digits] as number);
}

/** The offset that must fill the rest of the field, Z or ±HH[:MM], in minutes east of UTC. */
function readOffsetMinutes(bytes: Uint8Array, at: number, end: number): number | TimestampFault {
  const sign = bytes[at];
  const length = end - at;
  if (sign === UPPER_Z) return length === 1 ? 0 : 'form';
  if (sign !== PLUS && sign !== MINUS) return 'form';

  const hasMinutes = length !== 3;
  if (hasMinutes && (length !== 6 || bytes[at + 3] !== COLON)) return 'form';
  const hours = twoDigits(bytes, at + 1);
  const minutes = hasMinutes ? twoDigits(bytes, at + 4) : 0;
  if (hours < 0 || minutes < 0) return 'form';
  if (hours > MAX_OFFSET_HOUR || minutes > 59) return 'offset';

  const offset = hours * 60 + minutes;
  return sign === MINUS ? -offset : offset;
}

/** So far below zero that a sum with the weight 1 or 100 stays below zero, too. */
const NOT_TWO_DIGITS = -10_000;

function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] as number) - ZERO;
  const ones = (bytes[at + 1] as number) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NOT_TWO_DIGITS;
}
