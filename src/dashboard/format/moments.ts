import { formatSeconds } from './durations.ts';

const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const exactUtc = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' });
const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' });
const DAY_MS = 86_400_000;

/** How long ago an instant was; beyond a week, its date. The clocks of two machines differ, so the near future is `just now`. */
export function formatAgo(instant: string, now: number): string {
  const ms = now - Date.parse(instant);
  if (ms < 5000) return 'just now';
  if (ms > 7 * DAY_MS) return day.format(new Date(instant));
  // One unit is enough for how long ago something was.
  const [value, unit] = formatSeconds(ms / 1000).split(' ');
  return `${value} ${unit} ago`;
}

/** In the time zone of the reader, to the second. */
export const formatExact = (instant: string): string => exact.format(new Date(instant));

/** The time of an event, which stands beside days in UTC: what shows it says that it is UTC. */
export const formatExactUtc = (instant: string): string => exactUtc.format(new Date(instant));

/** A day as the server sends it, `YYYY-MM-DD`, which is a day in UTC. */
export const formatDay = (date: string): string => day.format(new Date(`${date}T00:00:00Z`));
