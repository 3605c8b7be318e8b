import { MS_PER_DAY } from './calendar.ts';
import { createZoneOffset, isTimeZone, isUtc } from './time-zone.ts';

/** Turns a local time, given as if it were UTC in milliseconds since 1970, into its instant in the same unit. */
export type LocalTime = (localMs: number) => number;

/**
 * The clock of a time zone, with PostgreSQL's answer where a clock change makes a local time impossible or ambiguous:
 * one that the change skips is read with the offset before it, one that occurs twice with the offset after it
 * (`DetermineTimeZoneOffsetInternal` in PostgreSQL's src/backend/utils/adt/datetime.c; docs, "B.2. Handling of Invalid
 * or Ambiguous Timestamps"). Like PostgreSQL it relies on clock changes being more than 48 hours apart.
 *
 * @throws RangeError if `timeZone` is not a time zone
 */
export function createLocalTime(timeZone: string): LocalTime {
  if (!isTimeZone(timeZone)) throw new RangeError(`"${timeZone}" is not a time zone`);
  // By far the most frequent zone, and the only one in which no row has to look anything up.
  if (isUtc(timeZone)) return (localMs) => localMs;

  const offsetAt = createZoneOffset(timeZone);
  return (localMs) => {
    const before = offsetAt(localMs - MS_PER_DAY);
    const after = offsetAt(localMs + MS_PER_DAY);
    if (before === after) return localMs - before;

    const isBefore = offsetAt(localMs - before) === before;
    const isAfter = offsetAt(localMs - after) === after;
    if (isBefore !== isAfter) return localMs - (isBefore ? before : after);
    const occursTwice = isBefore;
    return localMs - (occursTwice ? after : before);
  };
}
