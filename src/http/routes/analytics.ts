import { Type } from '@sinclair/typebox';
import { boundedRead } from '../../analytics/bounded-read.ts';
import { listPurchases } from '../../analytics/purchases.ts';
import { findUser, listUsers } from '../../analytics/users.ts';
import { cleanIdentifier } from '../../ingest/transform/text.ts';
import { decodeCursor, pageOf } from '../cursor.ts';
import { HttpProblem } from '../problem.ts';
import { Day, PurchasesSchema, toPurchasesReply, toUserReply, UserSchema } from '../schemas/analytics.ts';
import { PageQuery, page, problems, ref } from '../schemas/shared.ts';
import type { App, Services } from '../services.ts';

const PurchasesQuery = Type.Composite([PageQuery, Type.Object({ from: Type.Optional(Day), to: Type.Optional(Day) })]);

export function addAnalyticsRoutes(app: App, { analyticsDatabase }: Services): void {
  app.get(
    '/analytics/purchases',
    {
      schema: {
        tags: ['analytics'],
        summary: 'Purchases per day (UTC), newest first; from and to are inclusive',
        querystring: PurchasesQuery,
        response: { 200: page(PurchasesSchema), ...problems(400, 401, 503) },
      },
    },
    async ({ query }) => {
      const [before] = query.cursor === undefined ? [] : decodeCursor(query.cursor, ['date']);
      const days = await boundedRead(analyticsDatabase, (connection) =>
        listPurchases(connection, {
          from: query.from,
          to: query.to,
          before: before === undefined ? undefined : String(before),
          limit: query.limit + 1,
        }),
      );
      return pageOf(days, query.limit, toPurchasesReply, (day) => [day.purchaseDate]);
    },
  );

  app.get(
    '/analytics/users',
    {
      schema: {
        tags: ['analytics'],
        summary: 'Users, most events first',
        querystring: PageQuery,
        response: { 200: page(UserSchema), ...problems(400, 401, 503) },
      },
    },
    async ({ query }) => {
      const [totalEvents, userId] = query.cursor === undefined ? [] : decodeCursor(query.cursor, ['count', 'text']);
      const users = await boundedRead(analyticsDatabase, (connection) =>
        listUsers(connection, {
          after: totalEvents === undefined ? undefined : { totalEvents: Number(totalEvents), userId: String(userId) },
          limit: query.limit + 1,
        }),
      );
      return pageOf(users, query.limit, toUserReply, (user) => [user.totalEvents, user.userId]);
    },
  );

  app.get(
    '/analytics/users/:userId',
    {
      schema: {
        tags: ['analytics'],
        summary: 'One user; the id is trimmed and upper-cased as in the data',
        params: Type.Object({ userId: Type.String({ maxLength: 1000 }) }),
        response: { 200: ref(UserSchema), ...problems(400, 401, 404, 503) },
      },
    },
    async ({ params }) => {
      const userId = cleanIdentifier('user_id', params.userId);
      // An id that no row can have is not found; PostgreSQL would refuse a NUL.
      const isPossible = typeof userId === 'string' && !userId.includes('\0');
      const user = isPossible
        ? await boundedRead(analyticsDatabase, (connection) => findUser(connection, userId))
        : undefined;
      if (user === undefined) throw new HttpProblem(404, 'user_not_found', 'no event of this user is loaded');
      return toUserReply(user);
    },
  );
}
