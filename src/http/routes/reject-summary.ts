import { Type } from '@sinclair/typebox';
import { boundedRead } from '../../analytics/bounded-read.ts';
import { listRejectClusters } from '../../analytics/reject-clusters.ts';
import { REJECT_REASONS } from '../../ingest/reject-reason.ts';
import { decodeCursor, pageOf } from '../cursor.ts';
import { RejectClusterSchema, toClusterReply } from '../schemas/reject-cluster.ts';
import { FileId, oneOf, PageQuery, page, problems } from '../schemas/shared.ts';
import type { App, Services } from '../services.ts';

const ClusterQuery = Type.Composite([
  PageQuery,
  Type.Object({
    fileId: Type.Optional(FileId),
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
        querystring: ClusterQuery,
        response: { 200: page(RejectClusterSchema), ...problems(400, 401, 503) },
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
