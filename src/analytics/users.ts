import { and, asc, desc, eq, gt, lt, sql } from 'drizzle-orm';
import type { Queryable } from '../database/client.ts';
import { userActivitySummary } from '../database/schema.ts';

export type UserActivity = typeof userActivitySummary.$inferSelect;

export interface UserPage {
  readonly after?: { readonly totalEvents: number; readonly userId: string } | undefined;
  readonly limit: number;
}

/** Users, most events first; users with as many events in the order of their ids. */
export async function listUsers(database: Queryable, page: UserPage): Promise<UserActivity[]> {
  return await selectUsers(database, page);
}

/**
 * The statement of `listUsers`. Each of its parts is a walk along `user_totals_rank` from where the page begins, so a page costs the
 * same at any depth. The order is that of the view: said once more, it has the planner sort all users before it takes the first.
 */
export function selectUsers(database: Queryable, { after, limit }: UserPage) {
  const { totalEvents, userId } = userActivitySummary;
  if (after === undefined) return database.select().from(userActivitySummary).limit(limit).$dynamic();
  // `= any`, since after a plain `=` the index of the ids has the right order, too, and may be walked past any number of others.
  const isTied = sql`${totalEvents} = any(array[${after.totalEvents}::bigint])`;
  const tied = database.$with('tied').as(
    database
      .select()
      .from(userActivitySummary)
      .where(and(isTied, gt(userId, after.userId)))
      .limit(limit),
  );
  const below = database
    .select()
    .from(userActivitySummary)
    .where(lt(totalEvents, after.totalEvents))
    .limit(limit)
    .as('below');
  // Where the tied ones fill the page, the others are not even begun.
  const isRoom = sql`(select count(*) from ${tied}) < ${limit}`;
  const page = database.select().from(tied).unionAll(database.select().from(below).where(isRoom)).as('page');
  return database
    .with(tied)
    .select()
    .from(page)
    .orderBy(desc(page.totalEvents), asc(page.userId))
    .limit(limit)
    .$dynamic();
}

/** The statement for all users, in the order of `listUsers`. */
export function selectAllUsers(database: Queryable) {
  return database.select().from(userActivitySummary);
}

/** One user by the id as it is stored: trimmed and upper-case. */
export async function findUser(database: Queryable, userId: string): Promise<UserActivity | undefined> {
  const [user] = await database.select().from(userActivitySummary).where(eq(userActivitySummary.userId, userId));
  return user;
}
