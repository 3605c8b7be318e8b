import { Type } from '@sinclair/typebox';
import { boundedRead } from '../../analytics/bounded-read.ts';
import { listRejectClusters } from '../../analytics/reject-clusters.ts';
import { REJECT_REASONS } from '../../ingest/reject-reason.ts';
import { decodeCursor, pageOf } from '../cursor.ts';
import { RejectClusterSchema, toClusterReply } from '../schemas/reject-cluster.ts';
import { DATABASE_PROBLEMS, FileId, oneOf, PageQuery, page, problems, withExamples } from '../schemas/shared.ts';
import type { App, Services } from '../services.ts';

const ClusterQuery = Type.Composite([
  PageQuery,
  Type.Object({
    fileId: Type.Optional(Type.Integer({ ...FileId, description: 'only rows of this file' })),
    reason: Type.Optional(oneOf([...REJECT_REASONS, ''], { description: 'only rows rejected for this reason' })),
  }),
]);

export function addRejectSummaryRoute(app: App, { analyticsDatabase }: Pick<Services, 'analyticsDatabase'>): void {
  app.get(
    '/ingestion/rejects/summary',
    {
      schema: {
        tags: ['ingestion'],
        summary: 'Rejected rows of all files, grouped by what is wrong with them',
        description: withExamples(
          'Rows are alike when reason, column and shape of the value are: `12/01/2024` and `3/5/2024` both have the shape `9+/9+/9+`. The largest group comes ' +
            'first, each with its first row as a sample, so that one look tells which writer of files is at fault. It reads all rejects; where ' +
            'there are millions of them it may end in `query_timeout`: then ask for one file or one reason.',
          'curl http://localhost:3000/ingestion/rejects/summary',
          'curl "http://localhost:3000/ingestion/rejects/summary?fileId=7&reason=invalid_price"',
        ),
        querystring: ClusterQuery,
        response: {
          200: page(RejectClusterSchema),
          ...problems('invalid_request', 'invalid_cursor', 'unauthorized', ...DATABASE_PROBLEMS),
        },
      },
    },
    async ({ query }) => {
      const [rows, fileId, lineNumber] =
        query.cursor === undefined ? [] : decodeCursor(query.cursor, ['count', 'count', 'count']);
      const clusters = await boundedRead(analyticsDatabase, (connection) =>
        listRejectClusters(connection, {
          fileId: query.fileId,
          reason: query.reason === '' ? undefined : query.reason,
          after:
            rows === undefined
              ? undefined
              : { rows: Number(rows), fileId: Number(fileId), lineNumber: Number(lineNumber) },
          limit: query.limit + 1,
        }),
      );
      return pageOf(clusters, query.limit, toClusterReply, ({ rows, sample }) => [
        rows,
        sample.fileId,
        sample.lineNumber,
      ]);
    },
  );
}
