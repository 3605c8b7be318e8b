import { Type } from '@sinclair/typebox';
import { FILE_STATUSES } from '../../database/schema.ts';
import { findFiles } from '../../ingest/ledger/find-files.ts';
import { retryFailedFile } from '../../ingest/ledger/finish-files.ts';
import { listFiles, listRejects } from '../../ingest/ledger/list-files.ts';
import { decodeCursor, pageOf } from '../cursor.ts';
import { HttpProblem } from '../problem.ts';
import { FileSchema, RejectSchema, toFileReply, toRejectReply } from '../schemas/file.ts';
import { FileId, NO_NUL, oneOf, PageQuery, page, problems, ref } from '../schemas/shared.ts';
import type { App, Services } from '../services.ts';

const FileParams = Type.Object({ fileId: FileId });

const FilesQuery = Type.Composite([
  PageQuery,
  Type.Object({
    status: Type.Optional(oneOf([...FILE_STATUSES, ''], { description: 'only files in this state' })),
    name: Type.Optional(
      Type.String({ maxLength: 255, pattern: NO_NUL, description: 'only files of exactly this name' }),
    ),
  }),
]);

export function addFileRoutes(app: App, { database, queue, events }: Services): void {
  const findFile = async (fileId: number) => {
    const [file] = await findFiles(database, [fileId]);
    if (file === undefined)
      throw new HttpProblem(404, 'file_not_found', `there is no file ${fileId}; GET /ingestion/files lists all`);
    return file;
  };

  app.get(
    '/ingestion/files',
    {
      schema: {
        tags: ['ingestion'],
        summary: 'Files in the ledger, newest first',
        querystring: FilesQuery,
        response: { 200: page(FileSchema), ...problems(400, 401, 503) },
      },
    },
    async ({ query }) => {
      const [before] = query.cursor === undefined ? [] : decodeCursor(query.cursor, ['count']);
      const files = await listFiles(database, {
        status: query.status === '' ? undefined : query.status,
        name: query.name === '' ? undefined : query.name,
        before: before === undefined ? undefined : Number(before),
        limit: query.limit + 1,
      });
      return pageOf(files, query.limit, toFileReply, (file) => [file.fileId]);
    },
  );

  app.get(
    '/ingestion/files/:fileId',
    {
      schema: {
        tags: ['ingestion'],
        summary: 'One file',
        params: FileParams,
        response: { 200: ref(FileSchema), ...problems(400, 401, 404, 503) },
      },
    },
    async ({ params }) => toFileReply(await findFile(params.fileId)),
  );

  app.get(
    '/ingestion/files/:fileId/rejects',
    {
      schema: {
        tags: ['ingestion'],
        summary: 'The rejected rows of a file, in the order of their lines',
        params: FileParams,
        querystring: PageQuery,
        response: { 200: page(RejectSchema), ...problems(400, 401, 404, 503) },
      },
    },
    async ({ params, query }) => {
      const [afterLine] = query.cursor === undefined ? [] : decodeCursor(query.cursor, ['count']);
      const { fileId } = await findFile(params.fileId);
      const rejects = await listRejects(database, {
        fileId,
        afterLine: afterLine === undefined ? undefined : Number(afterLine),
        limit: query.limit + 1,
      });
      return pageOf(rejects, query.limit, toRejectReply, (reject) => [reject.lineNumber]);
    },
  );

  app.post(
    '/ingestion/files/:fileId/retry',
    {
      schema: {
        tags: ['ingestion'],
        summary: 'Load a failed file again',
        params: FileParams,
        response: { 202: ref(FileSchema), ...problems(400, 401, 403, 404, 409, 503) },
      },
    },
    async ({ params }, reply) => {
      const retried = await retryFailedFile(database, params.fileId);
      if (retried === undefined) {
        const { status, name } = await findFile(params.fileId);
        const detail = `${name} (file ${params.fileId}) is ${status}; only a failed file, whose path is not waiting already, can be retried`;
        throw new HttpProblem(409, 'not_failed', detail);
      }
      queue.announce([retried]);
      events.fileChanged(retried);
      return reply.code(202).send(toFileReply(retried));
    },
  );
}
