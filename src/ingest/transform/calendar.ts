export const MS_PER_MINUTE = 60_000;
export const MS_PER_DAY = 86_400_000;

const DAYS_PER_400_YEARS = 146_097;
/** Days from 0000-03-01, where the algorithm starts counting, to 1970-01-01. */
const DAYS_TO_1970 = 719_468;

const MONTH_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The length of a month (1 to 12) in the proleptic Gregorian calendar, the one that PostgreSQL uses for all years. */
export function daysInMonth(year: number, month: number): number {
  if (month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)) return 29;
  return MONTH_LENGTHS[month - 1] ?? 0;
}

/**
 * Days from 1970-01-01 to a date of the proleptic Gregorian calendar, for years from 0 on.
 *
 * Algorithm `days_from_civil` by Howard Hinnant, https://howardhinnant.github.io/date_algorithms.html: years start in
 * March, so that the leap day is their last. `Date.UTC` is no choice here: it takes the years 0 to 99 for 1900 to 1999.
 */
export function daysSince1970(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const monthFromMarch = month > 2 ? month - 3 : month + 9;
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_PER_400_YEARS + dayOfEra - DAYS_TO_1970;
}
