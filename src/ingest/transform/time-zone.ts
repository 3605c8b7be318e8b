import { MS_PER_DAY } from './calendar.ts';

/**
 * Whether a name is a time zone that Sluice can use: an IANA name or link, in any case, that this Node knows. Fixed
 * offsets such as `+05:30` are none, because only newer versions of Node take them.
 */
export function isTimeZone(name: string): boolean {
  if (name.startsWith('+') || name.startsWith('-')) return false;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Whether a time zone is UTC under any of its names. */
export function isUtc(timeZone: string): boolean {
  return new Intl.DateTimeFormat('en-US', { timeZone }).resolvedOptions().timeZone === 'UTC';
}

/** A UTC day of a zone: its offset, and the offset that takes over at `changesAt` (Infinity on an ordinary day). */
interface ZoneDay {
  readonly offset: number;
  readonly changesAt: number;
  readonly offsetAfter: number;
}

/** More than ten years of days, below one megabyte: ordinary files fit, and hostile ones cannot fill the memory. */
const CACHED_DAYS = 4096;

/** The offset of a zone from UTC at an instant, both in milliseconds; Intl is asked once for each UTC day, not per row. */
export function createZoneOffset(timeZone: string): (instantMs: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  const days = new Map<number, ZoneDay>();

  return (instantMs) => {
    const dayNumber = Math.floor(instantMs / MS_PER_DAY);
    let day = days.get(dayNumber);
    if (day === undefined) {
      day = readZoneDay(format, dayNumber * MS_PER_DAY);
      if (days.size >= CACHED_DAYS) days.clear();
      days.set(dayNumber, day);
    }
    return instantMs < day.changesAt ? day.offset : day.offsetAfter;
  };
}

function readZoneDay(format: Intl.DateTimeFormat, dayStart: number): ZoneDay {
  const offset = readOffset(format, dayStart);
  const offsetAfter = readOffset(format, dayStart + MS_PER_DAY);
  if (offset === offsetAfter) return { offset, changesAt: Number.POSITIVE_INFINITY, offsetAfter };

  // Clocks change on a whole second (local mean time ended on odd ones), so halving the day in seconds finds it exactly.
  let unchanged = dayStart / 1000;
  let changed = unchanged + MS_PER_DAY / 1000;
  while (changed - unchanged > 1) {
    const middle = Math.floor((unchanged + changed) / 2);
    if (readOffset(format, middle * 1000) === offset) unchanged = middle;
    else changed = middle;
  }
  return { offset, changesAt: changed * 1000, offsetAfter };
}

/** `longOffset` ends in GMT, GMT+05:45 or, for local mean time, GMT-04:56:02 (ECMA-402, Unicode TR 35 "OOOO"). */
const LONG_OFFSET = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/;

function readOffset(format: Intl.DateTimeFormat, instantMs: number): number {
  const text = format.format(instantMs);
  const match = LONG_OFFSET.exec(text);
  // Guessing an offset would shift every row of a file by hours, unseen.
  if (match === null) throw new Error(`Intl.DateTimeFormat wrote "${text}", which does not end in an offset`);
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match;
  const offset = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return sign === '-' ? -offset : offset;
}
