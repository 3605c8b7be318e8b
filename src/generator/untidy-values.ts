import { quoted } from './dialect.ts';
import type { Random } from './random.ts';

const HOUR_MS = 3_600_000;

type Rewrite = (text: string, time: number) => string;

// Each means the same as before: the value that is loaded is the one that the shop meant. A time without a zone does so where
// TIMEZONE is UTC, as it is by default; digits beyond the sixth are cut; prices come with two decimals.
const REWRITES = {
  user_id: [(id) => id.toLowerCase(), (id) => ` ${id} `, (id) => quoted(id)],
  product_id: [(id) => id.toLowerCase(), (id) => `${id}  `],
  session_id: [(id) => quoted(id)],
  event_timestamp: [
    (_, time) => isoWithoutZone(time),
    (_, time) => isoWithoutZone(time).replace('T', ' '),
    (_, time) => `${isoWithoutZone(time)}000+00`,
    (_, time) => `${isoWithoutZone(time)}000999Z`,
    (_, time) => `${isoWithoutZone(time + 2 * HOUR_MS)}+02:00`,
    (_, time) => `${isoWithoutZone(time - 5.5 * HOUR_MS)}-05:30`,
  ],
  product_price: [
    (price) => `+${price}`,
    (price) => `0${price}`,
    (price) => `${price}00`,
    (price) => `${price}4`,
    (price) => `${price}E0`,
    (price) => `${price.replace('.', '')}e-2`,
  ],
} satisfies Record<string, readonly Rewrite[]>;

type UntidyColumn = keyof typeof REWRITES;

const CHOICES: readonly (readonly [UntidyColumn, Rewrite])[] = (Object.keys(REWRITES) as UntidyColumn[]).flatMap(
  (column) => REWRITES[column].map((rewrite): [UntidyColumn, Rewrite] => [column, rewrite]),
);

/** Rewrites one field of a clean row so that it looks different and stays clean. `time` is the event's, in milliseconds. */
export function untidy(fields: Record<UntidyColumn, string>, time: number, random: Random): void {
  const choice = CHOICES[random.below(CHOICES.length)];
  if (choice === undefined) return;
  const [column, rewrite] = choice;
  fields[column] = rewrite(fields[column], time);
}

function isoWithoutZone(time: number): string {
  return new Date(time).toISOString().slice(0, -1);
}
