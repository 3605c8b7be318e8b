import { and, asc, desc, eq, gt, lt, or } from 'drizzle-orm';
import type { Queryable } from '../database/client.ts';
import { userActivitySummary } from '../database/schema.ts';

export type UserActivity = typeof userActivitySummary.$inferSelect;

/** Users, most events first; users with as many events in the order of their ids. */
export async function listUsers(
  database: Queryable,
  query: {
    readonly after?: { readonly totalEvents: number; readonly userId: string } | undefined;
    readonly limit: number;
  },
): Promise<UserActivity[]> {
  const { totalEvents, userId } = userActivitySummary;
  const { after } = query;
  return await database
    .select()
    .from(userActivitySummary)
    .where(
      after === undefined
        ? undefined
        : or(lt(totalEvents, after.totalEvents), and(eq(totalEvents, after.totalEvents), gt(userId, after.userId))),
    )
    .orderBy(desc(totalEvents), asc(userId))
    .limit(query.limit);
}

/** One user by the id as it is stored: trimmed and upper-case. */
export async function findUser(database: Queryable, userId: string): Promise<UserActivity | undefined> {
  const [user] = await database.select().from(userActivitySummary).where(eq(userActivitySummary.userId, userId));
  return user;
}
