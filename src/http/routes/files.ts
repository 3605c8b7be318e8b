import { Readable } from 'node:stream';
import { Type } from '@sinclair/typebox';
import { FILE_STATUSES } from '../../database/schema.ts';
import { RowLayout } from '../../ingest/csv/row-layout.ts';
import { listFiles } from '../../ingest/ledger/list-files.ts';
import { listRejects } from '../../ingest/ledger/list-rejects.ts';
import { REJECT_REASONS } from '../../ingest/reject-reason.ts';
import { asksForCsv, csvReply, FormatQuery, pageOrCsv } from '../csv-reply.ts';
import { decodeCursor, pageOf } from '../cursor.ts';
import { findFile } from '../find-file.ts';
import { REJECT_CSV_COLUMNS, rejectCsv, rejectCsvName } from '../reject-csv.ts';
import { FileSchema, RejectSchema, toFileReply, toRejectReply } from '../schemas/file.ts';
import {
  DATABASE_PROBLEMS,
  FileParams,
  NO_NUL,
  oneOf,
  PageQuery,
  page,
  problems,
  ref,
  withExamples,
} from '../schemas/shared.ts';
import type { App, Services } from '../services.ts';

const RejectsQuery = Type.Composite([
  PageQuery,
  FormatQuery,
  Type.Object({
    reason: Type.Optional(oneOf([...REJECT_REASONS, ''], { description: 'only rejects for this reason' })),
    corrected: Type.Optional(
      oneOf(['true', 'false', 'all'], {
        description:
          'only those that have come back corrected, or only the others; if not given, JSON has all and CSV those that have not',
      }),
    ),
  }),
]);

const FilesQuery = Type.Composite([
  PageQuery,
  Type.Object({
    status: Type.Optional(oneOf([...FILE_STATUSES, ''], { description: 'only files in this state' })),
    name: Type.Optional(
      Type.String({ maxLength: 255, pattern: NO_NUL, description: 'only files of exactly this name' }),
    ),
    search: Type.Optional(
      Type.String({
        maxLength: 255,
        pattern: NO_NUL,
        description: 'only files whose name contains this, in letters of any case',
      }),
    ),
  }),
]);

function isCorrected(asked: 'true' | 'false' | 'all'): boolean | undefined {
  return asked === 'all' ? undefined : asked === 'true';
}

export function addFileRoutes(app: App, { database }: Services): void {
  app.get(
    '/ingestion/files',
    {
      schema: {
        tags: ['ingestion'],
        summary: 'Files in the ledger, newest first',
        description: withExamples(
          'Every version of every file that was ever seen, whatever became of it. Filters may be combined; a page has up to 1,000 files, and ' +
            '`nextCursor` leads to the next one. Files that arrive meanwhile do not shift the pages.',
          'curl http://localhost:3000/ingestion/files',
          'curl "http://localhost:3000/ingestion/files?status=failed&search=events&limit=20"',
        ),
        querystring: FilesQuery,
        response: {
          200: page(FileSchema),
          ...problems('invalid_request', 'invalid_cursor', 'unauthorized', ...DATABASE_PROBLEMS),
        },
      },
    },
    async ({ query }) => {
      const [before] = query.cursor === undefined ? [] : decodeCursor(query.cursor, ['count']);
      const files = await listFiles(database, {
        status: query.status === '' ? undefined : query.status,
        name: query.name === '' ? undefined : query.name,
        search: query.search === '' ? undefined : query.search,
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
        description: withExamples(
          'Its state, counts and times as they are now. While it is `loading` its counts grow with each commit; for every step in between listen to ' +
            '`GET /ingestion/events`.',
          'curl http://localhost:3000/ingestion/files/7',
        ),
        params: FileParams,
        response: {
          200: ref(FileSchema),
          ...problems('invalid_request', 'unauthorized', 'file_not_found', 'url_too_long', ...DATABASE_PROBLEMS),
        },
      },
    },
    async ({ params }) => toFileReply(await findFile(database, params.fileId)),
  );

  app.get(
    '/ingestion/files/:fileId/rejects',
    {
      schema: {
        tags: ['ingestion'],
        summary: 'The rejected rows of a file, in the order of their lines',
        description: withExamples(
          'With `Accept: text/csv`, or for spreadsheets, with a byte order mark, with `?format=csv`, as one file, whatever `limit` and `cursor` say, in the columns of the file and by default ' +
            'without those that have come back corrected. Correct its cells in a spreadsheet, keep `sluice_message`, and upload it: its rows are ' +
            'loaded, and the rejects that they correct are closed. So that no spreadsheet takes a cell ' +
            "for a formula, one that begins like a formula has a `'` in front there, which is taken off when it comes back; JSON has every text as it stands in the file.",
          'curl "http://localhost:3000/ingestion/files/7/rejects?limit=20"',
          '# all of them as CSV; correct the cells, then send the file back',
          'curl -o rejects.csv "http://localhost:3000/ingestion/files/7/rejects?format=csv"',
          'curl -T rejects.csv "http://localhost:3000/uploads/?wait=30"',
        ),
        params: FileParams,
        querystring: RejectsQuery,
        response: {
          200: pageOrCsv(RejectSchema, `the columns of the file as it has them, then ${REJECT_CSV_COLUMNS.join(', ')}`),
          ...problems(
            'invalid_request',
            'invalid_cursor',
            'unauthorized',
            'file_not_found',
            'url_too_long',
            ...DATABASE_PROBLEMS,
          ),
        },
      },
    },
    async (request, reply) => {
      const { query, params } = request;
      const [afterLine] = query.cursor === undefined ? [] : decodeCursor(query.cursor, ['count']);
      const file = await findFile(database, params.fileId);
      const { fileId } = file;
      const reason = query.reason === '' ? undefined : query.reason;
      const { isCsv, forSpreadsheet } = asksForCsv(request, reply, query.format);
      if (isCsv) {
        const corrected = isCorrected(query.corrected ?? 'false');
        const csv = () => rejectCsv(database, file, { reason, corrected, forSpreadsheet });
        return await csvReply(request, reply, rejectCsvName(file.name), () =>
          Readable.from(csv(), { objectMode: false }),
        );
      }
      const layout = new RowLayout(file);
      const rejects = await listRejects(database, {
        fileId,
        reason,
        corrected: isCorrected(query.corrected ?? 'all'),
        afterLine: afterLine === undefined ? undefined : Number(afterLine),
        limit: query.limit + 1,
      });
      return pageOf(
        rejects,
        query.limit,
        (reject) => toRejectReply(reject, layout),
        (reject) => [reject.lineNumber],
      );
    },
  );
}
