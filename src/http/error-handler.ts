import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { causes, isDatabaseAway } from '../database/database-error.ts';
import { errorCode } from '../error-code.ts';
import type { Health } from '../monitoring/health.ts';
import { watchRoutes } from './not-found.ts';
import { describeInvalid } from './parameter-check.ts';
import { HttpProblem, problemBody } from './problem.ts';
import type { ProblemCode } from './problem-codes.ts';
import { hasUnreadBody, isBodyArriving, replyBeforeClosing } from './unread-body.ts';

const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';
const RETRY_AFTER = { 'retry-after': '5' };
/** What the pool says when all of its connections are in use for too long; a server that is away says other things. */
const NO_FREE_CONNECTION = 'timeout exceeded when trying to connect';
/** https://www.postgresql.org/docs/current/errcodes-appendix.html: query_canceled, as by statement_timeout, lock_not_available, transaction_timeout */
const TOO_SLOW: ReadonlySet<string> = new Set(['57014', '55P03', '25P04']);
const NO_DESCRIPTOR: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE']);
/** For replies to requests so broken that no hook runs, and so no helmet. */
const BARE_HEADERS = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};
/** Codes of Fastify and its multipart plugin that name the client's fault; https://fastify.dev/docs/latest/Reference/Errors/ */
const CODES: Readonly<Record<string, ProblemCode>> = {
  FST_REQ_FILE_TOO_LARGE: 'upload_too_large',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_FILES_LIMIT: 'too_many_parts',
  FST_PARTS_LIMIT: 'too_many_parts',
  FST_FIELDS_LIMIT: 'too_many_parts',
  FST_PROTO_VIOLATION: 'malformed_multipart',
  FST_INVALID_JSON_FIELD_ERROR: 'malformed_multipart',
  FST_MP_PREMATURE_CLOSE: 'malformed_multipart',
  FST_INVALID_MULTIPART_CONTENT_TYPE: 'not_multipart',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_BAD_URL: 'invalid_url',
  FST_ERR_MAX_PARAM_LENGTH: 'url_too_long',
};

/** Sends every error as a problem document; the one place where an error gets its HTTP status. */
export function addErrorHandling(app: FastifyInstance, health: Pick<Health, 'database'>): void {
  app.setErrorHandler(async (error: FastifyError, request, reply) => {
    const isBusy = hasMessage(error, NO_FREE_CONNECTION) && (await health.database()) === 'ok';
    const problem = isBusy ? busy(error) : toProblem(error, request);
    // A client that hung up is nobody's fault, though the error it leaves looks like one of ours.
    const isGone = request.raw.destroyed && !request.raw.complete;
    if (isGone) request.log.debug({ err: error }, 'the client has gone');
    else if (problem.status >= 500) request.log.error({ err: error }, 'request failed');
    return sendProblem(request, reply, problem);
  });
  const notFound = watchRoutes(app);
  app.setNotFoundHandler((request, reply) => sendProblem(request, reply, notFound(request)));
}

/** For URLs that the router can not even read: no hook and no error handler runs for them. */
export function replyToBadUrl(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  void sendProblem(request, reply.headers(BARE_HEADERS), toProblem(error, request));
}

/** For bytes that are no HTTP request, headers beyond the limit, and requests that take too long to arrive. */
export function replyToBadRequest(error: Error, socket: Socket): void {
  if (!socket.writable || errorCode(error) === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const { status, code, message } = connectionProblem(errorCode(error));
  const body = JSON.stringify(problemBody(status, code, message));
  const headers = {
    ...BARE_HEADERS,
    'content-type': PROBLEM_TYPE,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
}

function busy(error: FastifyError): HttpProblem {
  const detail = 'too many such requests are being answered; nothing was kept, try again';
  return new HttpProblem('busy', detail, { headers: RETRY_AFTER, cause: error });
}

// The query builder wraps what the pool throws.
function hasMessage(error: Error, message: string): boolean {
  return error.message === message || (error.cause instanceof Error && error.cause.message === message);
}

function hasCode(error: Error, codes: ReadonlySet<string>): boolean {
  return [...causes(error)].some((cause) => codes.has(errorCode(cause)));
}

function connectionProblem(code: string): HttpProblem {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new HttpProblem('request_timeout', 'the request took too long to arrive');
    case 'HPE_HEADER_OVERFLOW':
      return new HttpProblem('headers_too_large', 'URL and headers together are too long');
    default:
      return new HttpProblem('malformed_request', 'this is not an HTTP/1.1 request');
  }
}

function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: HttpProblem): FastifyReply {
  const body = JSON.stringify(problemBody(problem.status, problem.code, problem.message));
  reply.code(problem.status).headers(problem.headers).header('content-type', PROBLEM_TYPE);
  if (hasUnreadBody(request.raw)) reply.header('connection', 'close');
  // A client that is too slow has next to nothing under way that could overtake the reply, and is to be gone.
  if (!isBodyArriving(request.raw) || problem.status === 408) return reply.serializer(String).send(body);
  return reply.header('content-length', Buffer.byteLength(body)).send(replyBeforeClosing(request.raw, body));
}

function toProblem(error: FastifyError, request: FastifyRequest): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error.validation !== undefined)
    return new HttpProblem('invalid_request', describeInvalid(error, request), { cause: error });
  const known = CODES[error.code];
  if (known !== undefined) return new HttpProblem(known, error.message, { cause: error });
  if (errorCode(error) === 'upload_too_large')
    return new HttpProblem('upload_too_large', error.message, { cause: error });
  // For a loader these are outages, too: it tries again. To a client they are not the same.
  if (hasCode(error, NO_DESCRIPTOR)) return busy(error);
  if (hasCode(error, TOO_SLOW)) {
    const detail =
      'the database did not answer this in time, and the query was ended; nothing was kept, ask for less, or later';
    return new HttpProblem('query_timeout', detail, { headers: RETRY_AFTER, cause: error });
  }
  if (isDatabaseAway(error)) {
    const detail = 'the database is not available; nothing was kept, try again';
    return new HttpProblem('database_unavailable', detail, { headers: RETRY_AFTER, cause: error });
  }
  if (['ENOSPC', 'EDQUOT'].includes(errorCode(error))) {
    return new HttpProblem('disk_full', 'there is no room on the disk for this upload; nothing was kept', {
      cause: error,
    });
  }
  if (['ENOENT', 'EACCES', 'EROFS'].includes(errorCode(error))) {
    const detail = 'the input folder can not be written to; nothing was kept, try again once it is back';
    return new HttpProblem('input_unavailable', detail, { headers: RETRY_AFTER, cause: error });
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new HttpProblem('bad_request', error.message, { cause: error, status: error.statusCode });
  }
  return new HttpProblem('internal_error', 'something unexpected went wrong; the log has the details', {
    cause: error,
  });
}
