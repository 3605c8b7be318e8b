interface ProblemKind {
  readonly status: number;
  readonly meaning: string;
  readonly remedy: string;
}

/**
 * Every error that a client can get: its status, what it means and what to do. The `code` is stable. From here the replies get
 * their status and the description its errors, so neither can know of one that the other does not.
 */
export const PROBLEM_CODES = {
  invalid_request: {
    status: 400,
    meaning: 'A parameter is unknown, or its value is not allowed.',
    remedy: 'Mend the one that `detail` names.',
  },
  invalid_cursor: {
    status: 400,
    meaning: '`cursor` is not one that this list has given out.',
    remedy: 'Take `nextCursor` of the page before as it is, or begin without a cursor.',
  },
  no_file: {
    status: 400,
    meaning: 'The form has no part that is a file.',
    remedy: 'Send one, as `curl -F file=@events.csv` does: with the `@`.',
  },
  malformed_multipart: {
    status: 400,
    meaning: 'The form is broken or ends too early. Nothing of it was kept.',
    remedy: 'Let the client write the `Content-Type` with its boundary itself, and send it again.',
  },
  invalid_url: {
    status: 400,
    meaning: 'The URL can not be decoded.',
    remedy: 'Write a `%` of a name as `%25`, and everything else that is special as its own code.',
  },
  malformed_request: {
    status: 400,
    meaning: 'What arrived is not an HTTP/1.1 request.',
    remedy: 'Speak plain HTTP to this port; TLS belongs to a proxy in front.',
  },
  bad_request: {
    status: 400,
    meaning: 'The request is refused for a reason that has no code of its own.',
    remedy: 'Read `detail`; the status may be another one from 400 to 499.',
  },
  unauthorized: {
    status: 401,
    meaning: 'The service has an API key, and the request has none or another one.',
    remedy: 'Send `Authorization: Bearer` with the key.',
  },
  cross_site_request: {
    status: 403,
    meaning: "A page of another site wants to change something: the browser's `Origin` or `Sec-Fetch-Site` says so.",
    remedy: 'Call from a page of this service, or from a program that is not a browser.',
  },
  not_found: {
    status: 404,
    meaning: 'There is no such address.',
    remedy: 'Look for the call on this page.',
  },
  file_not_found: {
    status: 404,
    meaning: 'The ledger has no file of this number.',
    remedy: 'Find the number with `GET /ingestion/files`.',
  },
  user_not_found: {
    status: 404,
    meaning: 'No event of this user is loaded.',
    remedy: 'See which users there are with `GET /analytics/users`.',
  },
  method_not_allowed: {
    status: 405,
    meaning: 'The address is right, but does not answer this method.',
    remedy: 'Take one of those in the `Allow` header.',
  },
  upload_too_slow: {
    status: 408,
    meaning: 'Less of the upload arrived than is required. Nothing was kept.',
    remedy: 'Send it again over a faster connection, or compressed; `detail` says how fast it must be.',
  },
  request_timeout: {
    status: 408,
    meaning: 'The request took too long to arrive.',
    remedy: 'Send it again, in one go.',
  },
  not_failed: {
    status: 409,
    meaning: 'The file has not failed, or a newer version of its path is waiting already.',
    remedy: 'See its `status` with `GET /ingestion/files/{fileId}`: there may be nothing to do.',
  },
  not_loaded: {
    status: 409,
    meaning: 'The file is neither loaded nor held, or is being taken out already.',
    remedy: 'Wait until it has reached its end; a file that is `reverted` is out already.',
  },
  not_held: {
    status: 409,
    meaning: 'The file is not held, is being released or discarded already, or waits as a newer version of its path.',
    remedy: 'See its `status`; `detail` says which of these it is.',
  },
  file_gone: {
    status: 409,
    meaning:
      'The bytes of the held file are not where they were: the input folder has lost it, or a command had it elsewhere or from standard input.',
    remedy: 'Deliver it again, with a higher `maxRejectPercent`; discard the held one with `DELETE`.',
  },
  upload_too_large: {
    status: 413,
    meaning: 'The files are larger than `MAX_UPLOAD_BYTES`, all of a form together. Nothing was kept.',
    remedy: 'Compress or split them, send them one by one, or raise the setting.',
  },
  too_many_parts: {
    status: 413,
    meaning: 'The form has more than 1,000 files or 100 other fields. Nothing was kept.',
    remedy: 'Send several forms.',
  },
  body_too_large: {
    status: 413,
    meaning: 'The request has a body of more than 64 KiB, though the call takes none.',
    remedy: 'Send it without a body.',
  },
  url_too_long: {
    status: 414,
    meaning: 'A name or number in the path has more than 1,000 characters.',
    remedy: 'Shorten it.',
  },
  not_multipart: {
    status: 415,
    meaning: 'The body is not a form.',
    remedy: 'Send `multipart/form-data`, or the bare file with `PUT /uploads/{name}`.',
  },
  unsupported_content_encoding: {
    status: 415,
    meaning: 'The body has a `Content-Encoding` that can not be read.',
    remedy: 'Send the file as it is or as gzip; in a form compress the file, not the form.',
  },
  unsupported_media_type: {
    status: 415,
    meaning: 'The `Content-Type` header is not a media type.',
    remedy: 'Leave it out, or write one such as `text/csv`.',
  },
  host_not_allowed: {
    status: 421,
    meaning: 'The `Host` header is a name that this service does not answer to; it stops pages that rebind a name.',
    remedy: 'Use `localhost` or an IP address. To serve it under a name, set `HOST` and `API_KEY`.',
  },
  too_many_requests: {
    status: 429,
    meaning: 'More requests came in a minute than `RATE_LIMIT` allows, or more than 60 with a wrong key or none.',
    remedy: 'Wait as many seconds as `Retry-After` says.',
  },
  headers_too_large: {
    status: 431,
    meaning: 'URL and headers together have more than 16 KiB.',
    remedy: 'Shorten them.',
  },
  internal_error: {
    status: 500,
    meaning: 'Something unexpected went wrong.',
    remedy: 'The log has the details. To try again does no harm: the same bytes are never loaded twice.',
  },
  busy: {
    status: 503,
    meaning: 'Too many such requests are being answered. Nothing was kept or changed.',
    remedy: 'Try again after `Retry-After` seconds.',
  },
  query_timeout: {
    status: 503,
    meaning: 'The database took too long, and the query was ended. Nothing was kept or changed.',
    remedy:
      'Ask for less (a lower `limit`, a shorter time, one file or one reason, as far as the call has them), or later.',
  },
  database_unavailable: {
    status: 503,
    meaning: 'The database does not answer. Nothing was kept or changed.',
    remedy: 'Try again after `Retry-After` seconds; `GET /health` tells when it is back.',
  },
  input_unavailable: {
    status: 503,
    meaning: 'The input folder can not be read or written. Nothing was kept.',
    remedy: 'Bring it back or give the service the right to it, then try again.',
  },
  too_many_listeners: {
    status: 503,
    meaning: 'A hundred clients are listening already.',
    remedy: 'Close one, or ask `GET /ingestion/stats` now and then.',
  },
  disk_full: {
    status: 507,
    meaning: 'There is no room on the disk for the upload. Nothing was kept.',
    remedy: 'Make room, then send it again.',
  },
} as const satisfies Readonly<Record<string, ProblemKind>>;

export type ProblemCode = keyof typeof PROBLEM_CODES;

/** What is answered before it is known which call is meant. */
export const PROBLEMS_OF_NO_CALL = [
  'invalid_url',
  'malformed_request',
  'bad_request',
  'not_found',
  'method_not_allowed',
  'request_timeout',
  'headers_too_large',
] as const satisfies readonly ProblemCode[];

/** One line of Markdown: code, meaning, remedy. */
export function describeProblem(code: ProblemCode): string {
  const { meaning, remedy } = PROBLEM_CODES[code];
  return `\`${code}\`: ${meaning} ${remedy}`;
}
