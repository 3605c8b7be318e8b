import { HEADER } from './plain-events.ts';

const TYPES = ['purchase', 'view', 'add_to_cart', 'purchase', 'remove_from_cart'] as const;
const MS_PER_DAY = 86_400_000;

export interface AgedRows {
  readonly tag: string;
  readonly rows: number;
  /** of the youngest and the oldest row, in days before today */
  readonly from: number;
  readonly to: number;
}

/** A file of events of a few users, of all days from `from` to `to`, and no two of its neighbours of the same one. */
export function agedFile({ tag, rows, from, to }: AgedRows): string {
  const lines = Array.from({ length: rows }, (_, n) => {
    const day = from + ((n * 7) % (to - from + 1));
    // Many at noon exactly, so that a user has several events at one instant.
    const time = n % 3 === 0 ? '12:00:00' : `0${n % 10}:${String(n % 60).padStart(2, '0')}:00.${n % 1000}`;
    return agedRow({ user: `user-${(n * 5) % 17}`, type: TYPES[n % TYPES.length], day, time, session: `${tag}-${n}` });
  });
  return HEADER + lines.join('');
}

export interface AgedRow {
  readonly user: string;
  readonly type?: string | undefined;
  /** in days before today */
  readonly day: number;
  readonly time?: string;
  readonly session?: string;
}

export function agedRow({ user, type = 'purchase', day, time = '12:00:00', session = 's' }: AgedRow): string {
  const date = new Date(Date.now() - day * MS_PER_DAY).toISOString().slice(0, 10);
  return `${user},${type},${date}T${time}Z,p1,Lamp,${(day % 50) + 1}.25,${session}\n`;
}
