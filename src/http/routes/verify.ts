import { Type } from '@sinclair/typebox';
import { boundedRead } from '../../analytics/bounded-read.ts';
import { verifyFiles } from '../../verify/verify-files.ts';
import { findFile } from '../find-file.ts';
import { HttpProblem } from '../problem.ts';
import { FileCheckSchema, toFileCheckReply } from '../schemas/file-check.ts';
import { DATABASE_PROBLEMS, FileId, problems, ref, withExamples } from '../schemas/shared.ts';
import type { App, Services } from '../services.ts';

const VerifyQuery = Type.Object({
  fileId: Type.Integer({ ...FileId, description: 'the file to check' }),
});

const RETRY_AFTER = { 'retry-after': '5' };

export function addVerifyRoute(app: App, { database, analyticsDatabase }: Services): void {
  // Each takes one of the few connections of the analytics for as long as a file has rows.
  let isChecking = false;

  app.get(
    '/ingestion/verify',
    {
      schema: {
        tags: ['ingestion'],
        summary: 'Is the accounting of a file right?',
        description: withExamples(
          'Counts the rows of the file in `user_events` and `rejected_rows`, looks for lines that are there twice, and compares all that with the ledger, in one ' +
            'snapshot, also while it is being loaded. It reads every row of the file, about a second for a million; a file that is too large for ' +
            'that ends in `query_timeout`. One such check runs at a time, beyond that it is 503 `busy`. `npm run verify` has no such limit, and checks all files and the views, too.',
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
      await findFile(database, fileId);
      if (isChecking)
        throw new HttpProblem('busy', 'another file is being checked; try again', { headers: RETRY_AFTER });
      isChecking = true;
      try {
        const found = await boundedRead(analyticsDatabase, (connection) => verifyFiles(connection, fileId));
        return toFileCheckReply(fileId, found);
      } finally {
        isChecking = false;
      }
    },
  );
}
