import { Type } from '@sinclair/typebox';
import { boundedRead } from '../../analytics/bounded-read.ts';
import { listPurchases } from '../../analytics/purchases.ts';
import { findUser, listUsers } from '../../analytics/users.ts';
import { cleanIdentifier } from '../../ingest/transform/text.ts';
import { decodeCursor, pageOf } from '../cursor.ts';
import { HttpProblem } from '../problem.ts';
import { Day, PurchasesSchema, toPurchasesReply, toUserReply, UserSchema } from '../schemas/analytics.ts';
import { DATABASE_PROBLEMS, PageQuery, page, problems, ref, withExamples } from '../schemas/shared.ts';
import type { App, Services } from '../services.ts';

const PurchasesQuery = Type.Composite([
  PageQuery,
  Type.Object({
    from: Type.Optional(Type.String({ ...Day, description: 'first day, as YYYY-MM-DD' })),
    to: Type.Optional(Type.String({ ...Day, description: 'last day, as YYYY-MM-DD' })),
  }),
]);

export function addAnalyticsRoutes(app: App, { analyticsDatabase }: Services): void {
  app.get(
    '/analytics/purchases',
    {
      schema: {
        tags: ['analytics'],
        summary: 'Purchases per day, newest first',
        description: withExamples(
          'Days are those of UTC, `from` and `to` are inclusive, and days without a purchase are left out. Money is text with two places, exact to the cent. ' +
            'Rows count as soon as their file is loaded, and no longer once it is reverted.',
          'curl http://localhost:3000/analytics/purchases',
          'curl "http://localhost:3000/analytics/purchases?from=2024-01-01&to=2024-01-31"',
        ),
        querystring: PurchasesQuery,
        response: {
          200: page(PurchasesSchema),
          ...problems('invalid_request', 'invalid_cursor', 'unauthorized', ...DATABASE_PROBLEMS),
        },
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
        description: withExamples(
          'What each user did, over all loaded files. It counts all events at each call: with hundreds of millions of them it may end in `query_timeout`.',
          'curl "http://localhost:3000/analytics/users?limit=10"',
        ),
        querystring: PageQuery,
        response: {
          200: page(UserSchema),
          ...problems('invalid_request', 'invalid_cursor', 'unauthorized', ...DATABASE_PROBLEMS),
        },
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
        summary: 'One user',
        description: withExamples(
          'The id is trimmed and upper-cased as it is when it is loaded, so ` u000062` finds `U000062`.',
          'curl http://localhost:3000/analytics/users/U000062',
        ),
        params: Type.Object({
          userId: Type.String({
            maxLength: 1000,
            description: 'as in the files, in letters of any case',
            examples: ['U000062'],
          }),
        }),
        response: {
          200: ref(UserSchema),
          ...problems('invalid_request', 'unauthorized', 'user_not_found', 'url_too_long', ...DATABASE_PROBLEMS),
        },
      },
    },
    async ({ params }) => {
      const userId = cleanIdentifier('user_id', params.userId);
      // An id that no row can have is not found; PostgreSQL would refuse a NUL.
      const isPossible = typeof userId === 'string' && !userId.includes('\0');
      const user = isPossible
        ? await boundedRead(analyticsDatabase, (connection) => findUser(connection, userId))
        : undefined;
      if (user === undefined) throw new HttpProblem('user_not_found', 'no event of this user is loaded');
      return toUserReply(user);
    },
  );
}
