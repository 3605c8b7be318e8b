import { type Static, Type } from '@sinclair/typebox';
import { sql } from 'drizzle-orm';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { awaitFiles } from '../../ingest/await-files.ts';
import { isTerminal } from '../../ingest/file-events.ts';
import type { SpooledUpload } from '../../ingest/sources/upload-spool.ts';
import { HttpProblem } from '../problem.ts';
import type { ProblemCode } from '../problem-codes.ts';
import { FileSchema, toFileReply } from '../schemas/file.ts';
import { CHANGE_PROBLEMS, DATABASE_PROBLEMS, defaulted, problems, ref, withExamples } from '../schemas/shared.ts';
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

const MAX_WAIT_SECONDS = 60;

const UploadQuery = Type.Object({
  wait: defaulted(
    Type.Integer({
      minimum: 0,
      maximum: MAX_WAIT_SECONDS,
      default: 0,
      description: 'seconds for which the reply is held until all files have reached an end',
    }),
  ),
  maxRejectPercent: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 100,
      description:
        'a file of which more rows are rejected, in percent, is held: none of them is loaded until it is released; without it ' +
        'MAX_REJECT_PERCENT of the service holds',
    }),
  ),
});

const UploadReply = Type.Object({ files: Type.Array(ref(FileSchema)) });

const replies = {
  200: Type.Object(UploadReply.properties, { description: 'Each file has reached its end: see its `status`' }),
  202: Type.Object(UploadReply.properties, {
    description: 'The files are safe; at least one waits or is being loaded',
  }),
};

const UPLOAD_PROBLEMS = [
  'invalid_request',
  'unauthorized',
  'upload_too_slow',
  'upload_too_large',
  'unsupported_content_encoding',
  'input_unavailable',
  'disk_full',
  ...CHANGE_PROBLEMS,
  ...DATABASE_PROBLEMS,
] as const satisfies readonly ProblemCode[];

/** The routes that load files. In a scope in which any content type is a file (`takeFiles`). */
export function addUploadRoutes(app: App, services: Services, pace: UploadPace): void {
  const { config, database, spool, queue, events } = services;
  /** Everything that can be refused without reading the body is refused before the client sends it. */
  async function admit(request: FastifyRequest, reply: FastifyReply, overheadBytes: number): Promise<void> {
    refuseTooLarge(request, config.MAX_UPLOAD_BYTES, overheadBytes);
    await database.execute(sql`select 1`);
    inviteBody(request.raw, reply.raw);
  }

  /** Receives all files of a form, or none. */
  async function receiveForm(request: FastifyRequest): Promise<SpooledUpload[]> {
    const uploads: SpooledUpload[] = [];
    try {
      for await (const { filename = '', file } of request.files()) {
        const before = uploads.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);
        const upload = await spool.receive(filename, file, before);
        if (isNothingChosen(filename, upload)) await spool.discard([upload]);
        else uploads.push(upload);
      }
      return uploads;
    } catch (error) {
      await spool.discard(uploads);
      throw malformedOr(error);
    }
  }

  /** Puts what was spooled into folder and ledger, all or none, and replies. */
  async function accept(
    request: FastifyRequest,
    reply: FastifyReply,
    uploads: readonly SpooledUpload[],
    { wait, maxRejectPercent }: Static<typeof UploadQuery>,
  ) {
    const limits = maxRejectPercent === undefined ? {} : { maxRejectPercent };
    const accepted = await spool.accept(database, uploads, limits).catch(async (error) => {
      await spool.discard(uploads);
      throw error;
    });
    queue.announce(accepted);
    const gone = new AbortController();
    const onClose = () => gone.abort();
    request.raw.socket.once('close', onClose);
    const files = await awaitFiles(database, events, accepted, { timeoutMs: wait * 1000, signal: gone.signal });
    request.raw.socket.off('close', onClose);
    return reply.code(files.every(isTerminal) ? 200 : 202).send({ files: files.map(toFileReply) });
  }

  app.post(
    '/uploads',
    {
      config: { streamedBody: FormBody },
      schema: {
        tags: ['uploads'],
        summary: 'Upload one or more files as multipart/form-data',
        description: withExamples(
          'Up to 1,000 files at once, all of them or none. The reply comes when they are safe on disk and in the ledger; with `wait` it comes when ' +
            'they are loaded. A file that is bad is no error of the call: it is `failed` or `held`, and its bad rows are rejects. The ' +
            'same bytes again are a `duplicate`, so whoever got no reply may send again. Files may be gzip; together they may have `MAX_UPLOAD_BYTES`.',
          'curl -F file=@events.csv "http://localhost:3000/uploads?wait=30"',
        ),
        consumes: ['multipart/form-data'],
        querystring: UploadQuery,
        response: {
          ...replies,
          ...problems('no_file', 'malformed_multipart', 'too_many_parts', 'not_multipart', ...UPLOAD_PROBLEMS),
        },
      },
    },
    async (request, reply) => {
      if (!request.isMultipart()) {
        const detail =
          'send the files as multipart/form-data (curl -F file=@events.csv), or the bare file with PUT /uploads/{name}';
        throw new HttpProblem('not_multipart', detail);
      }
      refusePackedForm(request);
      await admit(request, reply, MULTIPART_OVERHEAD_BYTES);
      const uploads = await withinPace(
        { request: request.raw, response: reply.raw },
        pace,
        receiveForm(request),
        spool.discard,
      );
      if (uploads.length === 0) throw new HttpProblem('no_file', 'the form has no file part: curl -F file=@events.csv');
      return await accept(request, reply, uploads, request.query);
    },
  );

  app.put(
    '/uploads/:name',
    {
      config: { streamedBody: Type.String({ format: 'binary' }) },
      schema: {
        tags: ['uploads'],
        summary: 'Upload one file: the raw body is the file',
        description: withExamples(
          'The name is that of the URL (`curl` adds it to one that ends in `/`); everything else is as with a form. Gzip is known by its first bytes, whatever ' +
            'the headers say.',
          'curl -T events.csv http://localhost:3000/uploads/',
          'curl -T events.csv "http://localhost:3000/uploads/strict.csv?wait=30&maxRejectPercent=5"',
          'gzip -c events.csv | curl -T - "http://localhost:3000/uploads/events.csv.gz?wait=30"',
        ),
        consumes: ['text/csv', 'application/gzip', 'application/octet-stream'],
        params: Type.Object({
          name: Type.String({
            minLength: 1,
            maxLength: 1000,
            description: 'of the file; what no file may be called is replaced by `_`',
            examples: ['events.csv'],
          }),
        }),
        querystring: UploadQuery,
        response: { ...replies, ...problems('url_too_long', ...UPLOAD_PROBLEMS) },
      },
    },
    async (request, reply) => {
      refuseUnreadableCoding(request);
      await admit(request, reply, 0);
      // What is left of a refused body has to be read before the connection closes; of a destroyed stream it can not be.
      const body = request.raw.iterator({ destroyOnReturn: false });
      const receiving = spool.receive(request.params.name, body).then((upload) => [upload]);
      const uploads = await withinPace({ request: request.raw, response: reply.raw }, pace, receiving, spool.discard);
      return await accept(request, reply, uploads, request.query);
    },
  );
}
