import { setTimeout as delay } from 'node:timers/promises';
import { isUniqueViolation } from '../../database/database-error.ts';
import type { SourceFileRow } from '../../database/schema.ts';
import { FileError } from '../../ingest/file-error.ts';
import { retryFailedFile } from '../../ingest/ledger/finish-files.ts';
import { RemovalUnderWayError } from '../../ingest/ledger/revert-file.ts';
import { TooManyRemovalsError } from '../../ingest/row-removals.ts';
import { SourceFile } from '../../ingest/sources/source-file.ts';
import { findFile } from '../find-file.ts';
import { HttpProblem } from '../problem.ts';
import { FileSchema, toFileReply } from '../schemas/file.ts';
import { CHANGE_PROBLEMS, DATABASE_PROBLEMS, FileParams, problems, ref, withExamples } from '../schemas/shared.ts';
import type { App, Services } from '../services.ts';

/** To take rows out lasts as long as there are rows; a reply that long after the request may find nobody any more. */
const LONGEST_WAIT_MS = 60_000;
const RETRY_AFTER = { 'retry-after': '5' };

/** The calls that change what is loaded of a file. */
export function addFileActionRoutes(app: App, { database, queue, events, removals }: Services): void {
  app.post(
    '/ingestion/files/:fileId/retry',
    {
      schema: {
        tags: ['ingestion'],
        summary: 'Load a failed file again',
        description: withExamples(
          'For a file whose cause is mended: one that could not be read, or that the database kept refusing. It goes back to `queued`; what became of it is to be ' +
            'seen with `GET /ingestion/files/{fileId}`. A file whose bytes are at fault fails again: deliver a mended one instead.',
          'curl -X POST http://localhost:3000/ingestion/files/7/retry',
        ),
        params: FileParams,
        response: {
          202: ref(FileSchema),
          ...problems(
            'invalid_request',
            'unauthorized',
            'file_not_found',
            'not_failed',
            'body_too_large',
            'url_too_long',
            ...CHANGE_PROBLEMS,
            ...DATABASE_PROBLEMS,
          ),
        },
      },
    },
    async ({ params }, reply) => {
      const retried = await retryFailedFile(database, params.fileId);
      if (retried === undefined) {
        const { status, name } = await findFile(database, params.fileId);
        const detail = `${name} (file ${params.fileId}) is ${status}; only a failed file, whose path is not waiting already, can be retried`;
        throw new HttpProblem('not_failed', detail);
      }
      queue.announce([retried]);
      events.fileChanged(retried);
      return reply.code(202).send(toFileReply(retried));
    },
  );

  app.delete(
    '/ingestion/files/:fileId',
    {
      schema: {
        tags: ['ingestion'],
        summary: 'Take the rows of a file out again, or discard a held file',
        description: withExamples(
          'Exactly the rows of this file, in one transaction; its rejects stay as history, and the same bytes may be loaded ' +
            'again. It lasts as long as there are rows: after a minute the reply is 202, and the removal goes on.',
          'curl -X DELETE http://localhost:3000/ingestion/files/7',
        ),
        params: FileParams,
        response: {
          200: ref(FileSchema),
          202: ref(FileSchema),
          ...problems(
            'invalid_request',
            'unauthorized',
            'file_not_found',
            'not_loaded',
            'body_too_large',
            'url_too_long',
            ...CHANGE_PROBLEMS,
            ...DATABASE_PROBLEMS,
          ),
        },
      },
    },
    async ({ params: { fileId } }, reply) => {
      const { status } = await findFile(database, fileId);
      const outcome = status === 'loaded' || status === 'held' ? await outcomeOf(removals.revert(fileId)) : undefined;
      if (typeof outcome === 'object') return toFileReply(outcome);
      const file = await findFile(database, fileId);
      if (outcome === 'going-on') return reply.code(202).send(toFileReply(file));
      const why =
        outcome === 'under-way'
          ? 'is being taken out already'
          : `is ${file.status}; only the rows of a loaded file can be taken out, and a held file be discarded`;
      throw new HttpProblem('not_loaded', `${file.name} (file ${fileId}) ${why}`);
    },
  );

  app.post(
    '/ingestion/files/:fileId/release',
    {
      schema: {
        tags: ['ingestion'],
        summary: 'Load a held file all the same',
        description: withExamples(
          'A file of which more rows are rejected than `MAX_REJECT_PERCENT` or `maxRejectPercent` allows is held. Released, its ' +
            'clean rows are loaded; changed since, it is counted again. To discard it instead, `DELETE` it.',
          'curl -X POST http://localhost:3000/ingestion/files/7/release',
        ),
        params: FileParams,
        response: {
          202: ref(FileSchema),
          ...problems(
            'invalid_request',
            'unauthorized',
            'file_not_found',
            'not_held',
            'file_gone',
            'body_too_large',
            'url_too_long',
            ...CHANGE_PROBLEMS,
            ...DATABASE_PROBLEMS,
          ),
        },
      },
    },
    async ({ params: { fileId } }, reply) => {
      const { status, path } = await findFile(database, fileId);
      if (status === 'held') await assertThere(path);
      const outcome = status === 'held' ? await outcomeOf(removals.release(fileId)) : undefined;
      if (typeof outcome === 'object') return reply.code(202).send(toFileReply(outcome));
      const file = await findFile(database, fileId);
      if (outcome === 'going-on') return reply.code(202).send(toFileReply(file));
      throw new HttpProblem('not_held', `${file.name} (file ${fileId}) ${whyNotReleased(outcome, file)}`);
    },
  );
}

/** A release writes the rejects anew: without the file they would be lost, and nothing would be loaded. */
async function assertThere(path: string): Promise<void> {
  try {
    await (await SourceFile.open(path)).close();
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const detail = `${error.message}; nothing was changed: deliver it again with a higher maxRejectPercent, or discard this one`;
    throw new HttpProblem('file_gone', detail, { cause: error });
  }
}

function whyNotReleased(outcome: 'under-way' | 'path-waits' | undefined, file: SourceFileRow): string {
  switch (outcome) {
    case 'under-way':
      return 'is being released or discarded already';
    case 'path-waits':
      return 'waits as a newer version of its path; release it when that one has reached its end';
    case undefined:
      return `is ${file.status}; only a held file can be released`;
  }
}

/**
 * What a removal came to: the file, or undefined where it is in no state for it; `going-on` where it lasts longer than a
 * client waits, and then nobody stops it.
 */
async function outcomeOf(removal: Promise<SourceFileRow | undefined>) {
  const waiting = new AbortController();
  const timeUp = delay(LONGEST_WAIT_MS, 'going-on' as const, { signal: waiting.signal });
  timeUp.catch(() => {});
  try {
    return await Promise.race([removal, timeUp]);
  } catch (error) {
    if (error instanceof TooManyRemovalsError)
      throw new HttpProblem('busy', error.message, { headers: RETRY_AFTER, cause: error });
    if (error instanceof RemovalUnderWayError) return 'under-way' as const;
    if (isUniqueViolation(error, 'source_files_open_path_key')) return 'path-waits' as const;
    throw error;
  } finally {
    waiting.abort();
    // Of a removal that nobody waits for any more, the log tells how it ended.
    removal.catch(() => {});
  }
}
