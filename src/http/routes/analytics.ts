import { Type } from '@sinclair/typebox';
import { boundedRead } from '../../analytics/bounded-read.ts';
import { type DownloadLimits, ListDownloads } from '../../analytics/list-downloads.ts';
import { listPurchases, selectAllPurchases } from '../../analytics/purchases.ts';
import { findUser, listUsers, selectAllUsers } from '../../analytics/users.ts';
import { purchaseAnalytics, userActivitySummary } from '../../database/schema.ts';
import { cleanIdentifier } from '../../ingest/transform/text.ts';
import { asksForCsv, FormatQuery, pageOrCsv } from '../csv-reply.ts';
import { decodeCursor, pageOf } from '../cursor.ts';
import { replyWithList } from '../list-csv.ts';
import { HttpProblem } from '../problem.ts';
import { Day, PurchasesSchema, toPurchasesReply, toUserReply, UserSchema } from '../schemas/analytics.ts';
import { DATABASE_PROBLEMS, PageQuery, problems, ref, withExamples } from '../schemas/shared.ts';
import type { App, Services } from '../services.ts';

const UsersQuery = Type.Composite([PageQuery, FormatQuery]);

const PurchasesQuery = Type.Composite([
  PageQuery,
  FormatQuery,
  Type.Object({
    from: Type.Optional(Type.String({ ...Day, description: 'first day, as YYYY-MM-DD' })),
    to: Type.Optional(Type.String({ ...Day, description: 'last day, as YYYY-MM-DD' })),
  }),
]);

const AS_CSV =
  'With `Accept: text/csv`, or for spreadsheets with `?format=csv`, the whole list as one file in the columns of the view `VIEW`, ' +
  "all of it as of one moment, whatever `limit` and `cursor` say; a cell that a spreadsheet may take for a formula has a `'` in front. One such download " +
  'runs at a time, beyond that it is 503 `busy`. One that ends without its last chunk was broken off, also where its client takes nothing for 30 s, or has not taken all of it ' +
  'after 5 minutes: then take the pages.';

export function addAnalyticsRoutes(app: App, { analyticsDatabase }: Services, limits: DownloadLimits): void {
  const downloads = new ListDownloads(analyticsDatabase, limits);

  app.get(
    '/analytics/purchases',
    {
      schema: {
        tags: ['analytics'],
        summary: 'Purchases per day, newest first',
        description: withExamples(
          'Days are those of UTC, `from` and `to` are inclusive, and days without a purchase are left out. Money is text with two places, exact to the cent. ' +
            'Rows count as soon as they are loaded, and no longer once their file is reverted. ' +
            AS_CSV.replace('VIEW', 'purchase_analytics'),
          'curl http://localhost:3000/analytics/purchases',
          'curl "http://localhost:3000/analytics/purchases?from=2024-01-01&to=2024-01-31"',
          'curl -H "Accept: text/csv" -o purchases.csv "http://localhost:3000/analytics/purchases?from=2024-01-01"',
        ),
        querystring: PurchasesQuery,
        response: {
          200: pageOrCsv(PurchasesSchema, 'the columns of the view `purchase_analytics`'),
          ...problems('invalid_request', 'invalid_cursor', 'unauthorized', ...DATABASE_PROBLEMS),
        },
      },
    },
    async (request, reply) => {
      const { query } = request;
      const [before] = query.cursor === undefined ? [] : decodeCursor(query.cursor, ['date']);
      const { isCsv, forSpreadsheet } = asksForCsv(request, reply, query.format);
      if (isCsv) {
        const select = selectAllPurchases(analyticsDatabase, query);
        const list = { name: 'purchases.csv', view: purchaseAnalytics, select, toReply: toPurchasesReply };
        return await replyWithList(request, reply, downloads, { ...list, forSpreadsheet });
      }
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
          'What each user did, over all loaded files. A page costs as much as any other, however many users come before it. While files are loaded, a user who gets events ' +
            'between two pages may be missed or come twice; the CSV is of one moment. ' +
            AS_CSV.replace('VIEW', 'user_activity_summary'),
          'curl "http://localhost:3000/analytics/users?limit=10"',
          'curl -H "Accept: text/csv" -o users.csv http://localhost:3000/analytics/users',
        ),
        querystring: UsersQuery,
        response: {
          200: pageOrCsv(UserSchema, 'the columns of the view `user_activity_summary`'),
          ...problems('invalid_request', 'invalid_cursor', 'unauthorized', ...DATABASE_PROBLEMS),
        },
      },
    },
    async (request, reply) => {
      const { query } = request;
      const [totalEvents, userId] = query.cursor === undefined ? [] : decodeCursor(query.cursor, ['count', 'text']);
      const { isCsv, forSpreadsheet } = asksForCsv(request, reply, query.format);
      if (isCsv) {
        const select = selectAllUsers(analyticsDatabase);
        const list = { name: 'users.csv', view: userActivitySummary, select, toReply: toUserReply };
        return await replyWithList(request, reply, downloads, { ...list, forSpreadsheet });
      }
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
