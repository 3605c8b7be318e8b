import { Type } from '@sinclair/typebox';
import { boundedRead } from '../../analytics/bounded-read.ts';
import { verifyFiles } from '../../verify/verify-files.ts';
import { findFile } from '../find-file.ts';
import { HttpProblem } from '../problem.ts';
import { FileCheckSchema, toFileCheckReply } from '../schemas/file-check.ts';
import { DATABASE_PROBLEMS, FileId, problems, ref, withExamples } from '../schemas/shared.ts';
import type { App, Services } from '../services.ts';

const VerifyQuery = Type.Object({
  fileId: Type.Optional(Type.Integer({ ...FileId, description: 'the file to check; it must be given' })),
});

export function addVerifyRoute(app: App, { database, analyticsDatabase }: Services): void {
  app.get(
    '/ingestion/verify',
    {
      schema: {
        tags: ['ingestion'],
        summary: 'Is the accounting of a file right?',
        description: withExamples(
          'Counts the rows of the file in `user_events` and `rejected_rows`, looks for lines that are there twice, and compares all that with the ledger, in one ' +
            'snapshot, also while it is being loaded. It reads every row of the file, about a second for a million; a file that is too large for ' +
            'that ends in `query_timeout`. `npm run verify` has no such limit, and checks all files and the views, too.',
          'curl "http://localhost:3000/ingestion/verify?fileId=7"',
        ),
        querystring: VerifyQuery,
        response: {
          200: ref(FileCheckSchema),
          ...problems('invalid_request', 'unauthorized', 'file_not_found', ...DATABASE_PROBLEMS),
        },
      },
    },
    async ({ query: { fileId } }) => {
      if (fileId === undefined) throw new HttpProblem('invalid_request', 'fileId must be given, as in ?fileId=7');
      await findFile(database, fileId);
      return toFileCheckReply(
        fileId,
        await boundedRead(analyticsDatabase, (connection) => verifyFiles(connection, fileId)),
      );
    },
  );
}
