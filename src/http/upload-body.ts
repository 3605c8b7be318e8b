import multipart from '@fastify/multipart';
import { Type } from '@sinclair/typebox';
import type { FastifyRequest } from 'fastify';
import { HttpProblem } from './problem.ts';
import type { App } from './services.ts';

const MAX_FILES = 1000;
/** Form fields beside the files are not used; a client may send a few. */
const MAX_FIELDS = 100;
const MAX_FIELD_BYTES = 64 * 1024;
/** What the boundaries and headers of a multipart body may add to the bytes of its files. */
export const MULTIPART_OVERHEAD_BYTES = 1024 * 1024;

/** The body is kept as it comes; whoever reads it knows gzip by its first bytes. */
const READABLE_CODINGS: ReadonlySet<string> = new Set(['identity', 'gzip', 'x-gzip']);

/** A form of files, as OpenAPI describes it. */
export const FormBody = Type.Object({
  file: Type.Array(Type.String({ format: 'binary' }), { description: 'under any field name' }),
});

/** Makes every body in this scope one that its handler reads as it arrives, be it a form or a bare file. */
export async function takeFiles(scope: App, maxBytes: number): Promise<void> {
  scope.removeAllContentTypeParsers();
  await scope.register(multipart, {
    limits: {
      // One more than is allowed, so that whoever counts refuses: this limit alone would cut the file and read on.
      fileSize: maxBytes + 1,
      files: MAX_FILES,
      fields: MAX_FIELDS,
      fieldSize: MAX_FIELD_BYTES,
      parts: MAX_FILES + MAX_FIELDS,
      headerPairs: 100,
    },
  });
  // Fastify's own body limit does not apply to streams.
  scope.addContentTypeParser('*', (_request, _body, done) => done(null));
}

/** By what it announces. @throws HttpProblem 413 */
export function refuseTooLarge(request: FastifyRequest, maxBytes: number, overheadBytes: number): void {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced <= maxBytes + overheadBytes) return;
  const detail = `the body has ${announced} bytes; MAX_UPLOAD_BYTES allows ${maxBytes}`;
  throw new HttpProblem('upload_too_large', detail);
}

/** @throws HttpProblem 415 */
export function refusePackedForm(request: FastifyRequest): void {
  if (request.headers['content-encoding'] === undefined) return;
  const detail = 'a multipart body can not be compressed as a whole; compress the file itself (events.csv.gz)';
  throw new HttpProblem('unsupported_content_encoding', detail);
}

/** Of a bare file. @throws HttpProblem 415 */
export function refuseUnreadableCoding(request: FastifyRequest): void {
  const coding = request.headers['content-encoding']?.toLowerCase() ?? 'identity';
  if (READABLE_CODINGS.has(coding)) return;
  const detail = `files can be sent as they are or as gzip, not with Content-Encoding ${coding}`;
  throw new HttpProblem('unsupported_content_encoding', detail);
}

/** How a browser sends a file field in which nothing was chosen. */
export function isNothingChosen(filename: string, { sizeBytes }: { readonly sizeBytes: number }): boolean {
  return filename === '' && sizeBytes === 0;
}

/** The multipart parser reports broken bodies as plain errors without a code. */
export function malformedOr(error: unknown): unknown {
  const isParserError =
    error instanceof Error &&
    !('code' in error) &&
    /multipart|boundary|unexpected end|part terminated|malformed/i.test(error.message);
  return isParserError
    ? new HttpProblem('malformed_multipart', `the multipart body is broken: ${error.message}`, { cause: error })
    : error;
}
