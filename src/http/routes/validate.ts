import { Type } from '@sinclair/typebox';
import type { FastifyRequest } from 'fastify';
import { isDatabaseAway } from '../../database/database-error.ts';
import { CheckerBusyError, type FileChecker } from '../../ingest/check/file-checker.ts';
import type { Findings } from '../../ingest/check/findings.ts';
import { checkOutcome } from '../../ingest/check/outcome.ts';
import { findLoadedContents } from '../../ingest/ledger/loaded-contents.ts';
import { safeName } from '../../ingest/sources/file-name.ts';
import { UploadTooLargeError } from '../../ingest/sources/upload-spool.ts';
import { HttpProblem } from '../problem.ts';
import { CHANGE_PROBLEMS, problems, ref, withExamples } from '../schemas/shared.ts';
import { toValidationReply, ValidationSchema } from '../schemas/validation.ts';
import type { App, Services } from '../services.ts';
import { inviteBody } from '../unread-body.ts';
import {
  FormBody,
  isNothingChosen,
  MULTIPART_OVERHEAD_BYTES,
  malformedOr,
  refusePackedForm,
  refuseTooLarge,
  refuseUnreadableCoding,
} from '../upload-body.ts';
import { type UploadPace, withinPace } from '../upload-pace.ts';

/** Each keeps at most 4 KiB of its row, and a form may have a thousand files. */
const REJECTS_OF_A_FILE = 100;
const REJECTS_OF_A_REPLY = 1000;
const RETRY_AFTER = { 'retry-after': '5' };
/** A bare body has no name. */
const BARE_NAME = 'body.csv';

const bareFile = { schema: Type.String({ format: 'binary' }) };
const ValidateBody = {
  content: {
    'multipart/form-data': { schema: FormBody },
    'text/csv': bareFile,
    'application/gzip': bareFile,
    'application/octet-stream': bareFile,
  },
};

interface CheckedFile {
  readonly name: string;
  readonly findings: Findings;
}

/** The route that tells what loading would make of files, and keeps nothing of them. In the scope of `takeFiles`. */
export function addValidateRoute(app: App, services: Services, pace: UploadPace): void {
  const { config, database, checker } = services;
  const maxBytes = config.MAX_UPLOAD_BYTES;

  /** The limit is for all files of a request together. */
  async function* limited(chunks: AsyncIterable<Buffer>, before: number): AsyncGenerator<Buffer> {
    let sizeBytes = before;
    for await (const chunk of chunks) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) {
        throw new UploadTooLargeError(`the files are larger than MAX_UPLOAD_BYTES (${maxBytes} bytes)`);
      }
      yield chunk;
    }
  }

  async function checkForm(request: FastifyRequest, check: FileChecker['check']): Promise<CheckedFile[]> {
    const checked: CheckedFile[] = [];
    let before = 0;
    let room = REJECTS_OF_A_REPLY;
    try {
      for await (const { filename = '', file } of request.files()) {
        const findings = await check(limited(file, before), Math.min(room, REJECTS_OF_A_FILE));
        before += findings.sizeBytes;
        room -= findings.rejects.length;
        if (!isNothingChosen(filename, findings)) checked.push({ name: safeName(filename), findings });
      }
    } catch (error) {
      throw malformedOr(error);
    }
    if (checked.length === 0) {
      throw new HttpProblem('no_file', 'the form has no file part: curl -F file=@events.csv');
    }
    return checked;
  }

  async function checkBody(request: FastifyRequest, check: FileChecker['check']): Promise<CheckedFile[]> {
    // What is left of a refused body has to be read before the connection closes; of a destroyed stream it can not be.
    const body = request.raw.iterator({ destroyOnReturn: false });
    return [{ name: BARE_NAME, findings: await check(limited(body, 0), REJECTS_OF_A_FILE) }];
  }

  /** Which of the contents are loaded already. A check needs no database: while it is away, none is known to be. */
  async function duplicatesAmong(checked: readonly CheckedFile[]): Promise<ReadonlyMap<string, number>> {
    try {
      return await findLoadedContents(
        database,
        checked.map(({ findings }) => findings.sha256),
      );
    } catch (error) {
      if (isDatabaseAway(error)) return new Map();
      throw error;
    }
  }

  app.post(
    '/validate',
    {
      config: { streamedBody: ValidateBody },
      schema: {
        tags: ['uploads'],
        summary: 'Check files without loading them',
        description: withExamples(
          'Tells what loading these bytes would make of them: encoding, delimiter, columns (and which ones were probably meant), ' +
            'counts, reasons and the first rejected rows. Nothing is kept, on disk or in the database, so it needs no database ' +
            'either. A file that would fail is a finding, not an error of the call. Two checks run at once; beyond that it is 503 `busy`.',
          'curl -F file=@events.csv http://localhost:3000/validate',
          'curl --data-binary @events.csv http://localhost:3000/validate',
          'gzip -c events.csv | curl --data-binary @- -H "Content-Encoding: gzip" "http://localhost:3000/validate?maxRejectPercent=5"',
        ),
        querystring: Type.Object({
          maxRejectPercent: Type.Optional(
            Type.Number({
              minimum: 0,
              maximum: 100,
              description:
                'a file of which more rows are rejected, in percent, would be `held`; without it MAX_REJECT_PERCENT of the service holds',
            }),
          ),
        }),
        response: {
          200: Type.Object(
            { files: Type.Array(ref(ValidationSchema)) },
            { description: 'What was found in each file, whether it is good or bad' },
          ),
          ...problems(
            'invalid_request',
            'no_file',
            'malformed_multipart',
            'unauthorized',
            'upload_too_slow',
            'upload_too_large',
            'too_many_parts',
            'unsupported_content_encoding',
            'busy',
            'query_timeout',
            ...CHANGE_PROBLEMS,
          ),
        },
      },
    },
    async (request, reply) => {
      const isForm = request.isMultipart();
      if (isForm) refusePackedForm(request);
      else refuseUnreadableCoding(request);
      refuseTooLarge(request, maxBytes, isForm ? MULTIPART_OVERHEAD_BYTES : 0);
      const checking = checker.withThread(async (check) => {
        inviteBody(request.raw, reply.raw);
        return await (isForm ? checkForm(request, check) : checkBody(request, check));
      });
      const sockets = { request: request.raw, response: reply.raw };
      const checked = await withinPace(sockets, pace, checking, async () => {}).catch((error) => {
        if (!(error instanceof CheckerBusyError)) throw error;
        throw new HttpProblem('busy', `${error.message}; try again`, { headers: RETRY_AFTER, cause: error });
      });
      const duplicates = await duplicatesAmong(checked);
      const limit = request.query.maxRejectPercent ?? config.MAX_REJECT_PERCENT;
      /** digests of those that would be loaded: of equal files in a form only the first one */
      const before = new Set<string>();
      return {
        files: checked.map(({ name, findings }) => {
          const duplicateOf = duplicates.get(findings.sha256) ?? null;
          const outcome = checkOutcome(findings, limit, duplicateOf !== null || before.has(findings.sha256));
          if (outcome === 'loaded') before.add(findings.sha256);
          return toValidationReply(name, findings, { outcome, duplicateOf });
        }),
      };
    },
  );
}
