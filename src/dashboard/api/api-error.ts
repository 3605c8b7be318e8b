/** What went wrong with a call, in words that can be shown. */
export class ApiError extends Error {
  /** of the reply; 0 where none came */
  readonly status: number;
  /** of the problem, stable; `unreachable` where no reply came */
  readonly code: string;
  /** how long the server asks to wait; undefined where it does not say */
  readonly retryAfterMs: number | undefined;

  constructor(
    status: number,
    code: string,
    message: string,
    options: ErrorOptions & { retryAfterMs?: number | undefined } = {},
  ) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs;
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
  }

  /** Whether the same call may work when it is made again. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status === 503;
  }

  /** Whether to make it again without being told to: a question that took the database too long would take it as long again. */
  get isWorthRepeating(): boolean {
    return this.isPassing && this.code !== 'query_timeout';
  }
}

export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  // What fetch throws where there is no reply says nothing that a reader could use.
  if (error instanceof TypeError) return unreachable(error);
  return new ApiError(0, 'unexpected', error instanceof Error ? error.message : String(error), { cause: error });
}

export function unreachable(cause?: unknown): ApiError {
  return new ApiError(0, 'unreachable', 'Sluice does not answer. Is it still running?', { cause });
}

/**
 * The error of a reply that is no success; its body is a problem (RFC 9457) unless something in between answered.
 * @param retryAfter the header of that name; Sluice sends seconds, never a date
 */
export function errorOfReply(status: number, body: string, retryAfter: string | null = null): ApiError {
  const options = { retryAfterMs: /^\d+$/.test(retryAfter ?? '') ? Number(retryAfter) * 1000 : undefined };
  try {
    const problem: unknown = JSON.parse(body);
    if (typeof problem === 'object' && problem !== null && 'code' in problem && 'detail' in problem) {
      return new ApiError(status, String(problem.code), asSentence(String(problem.detail)), options);
    }
  } catch {
    // No JSON: the status is all that is known.
  }
  return new ApiError(status, `http_${status}`, `The server answered with status ${status}.`, options);
}

/** Details begin small and have no full stop, since they are made to stand in a log. */
function asSentence(detail: string): string {
  const text = detail.charAt(0).toUpperCase() + detail.slice(1);
  return /[.?!)]$/.test(text) ? text : `${text}.`;
}
