import { type SQL, sql } from 'drizzle-orm';
import type { BatchTotals, USER_FIELDS } from './batch-totals.ts';
import { dateArray, int4Array, int8Array, textArray, timestamptzArray } from './binary-array.ts';

/** As many users a row of `user_deltas` has; to fold so many takes a tenth of a second. */
export const USERS_PER_PART = 4096;

/** What a batch adds to the totals of users, a few thousand at a time, as rows of user_id and what `user_totals` has beside it. */
export function* addedUsers(totals: BatchTotals): Generator<SQL> {
  const { users } = totals;
  for (let from = 0; from < users.count; from += USERS_PER_PART) {
    const to = Math.min(from + USERS_PER_PART, users.count);
    const ids = Array.from({ length: to - from }, (_, index) => users.id(from + index));
    const column = (field: keyof typeof USER_FIELDS) => totals.column(field, from, to);
    yield sql`${textArray(ids)}::text[], ${int4Array(column('events'))}::integer[], ${int4Array(column('views'))}::integer[],
      ${int4Array(column('purchases'))}::integer[], ${int4Array(column('cartAdds'))}::integer[],
      ${int8Array(column('spentCents'))}::bigint[], ${timestamptzArray(column('lastMs'), column('lastMicros'))}::timestamptz[]`;
  }
}

/** What a batch adds to the totals of days: their sums, and who bought how often on which of them. */
export function addedDays(totals: BatchTotals): { readonly sums: SQL; readonly customers: SQL } {
  const days = [...totals.days];
  const customers = days.flatMap(([day, { customers: ofDay }]) =>
    Array.from(ofDay, ([user, purchases]) => ({ day, id: totals.users.id(user), purchases })),
  );
  return {
    sums: sql`${dateArray(days.map(([day]) => day))}::date[], ${int8Array(days.map(([, sum]) => sum.purchases))}::bigint[],
      ${int8Array(days.map(([, sum]) => sum.revenueCents))}::bigint[]`,
    customers: sql`${dateArray(customers.map(({ day }) => day))}::date[], ${textArray(customers.map(({ id }) => id))}::text[],
      ${int4Array(customers.map(({ purchases }) => purchases))}::integer[]`,
  };
}
