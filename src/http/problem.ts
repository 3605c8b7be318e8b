import { STATUS_CODES } from 'node:http';
import { PROBLEM_CODES, type ProblemCode } from './problem-codes.ts';

/** An error that is meant for the client; its status is the one that the reply has. */
export class HttpProblem extends Error {
  readonly status: number;
  readonly code: ProblemCode;
  readonly headers: Readonly<Record<string, string>>;

  /** @param options.status only for what others refuse with a status of their own; else the code has one */
  constructor(
    code: ProblemCode,
    detail: string,
    options: { headers?: Record<string, string>; cause?: unknown; status?: number } = {},
  ) {
    super(detail, { cause: options.cause });
    this.name = 'HttpProblem';
    this.status = options.status ?? PROBLEM_CODES[code].status;
    this.code = code;
    this.headers = options.headers ?? {};
  }
}

/** The body of an error reply: https://www.rfc-editor.org/rfc/rfc9457 */
export function problemBody(status: number, code: ProblemCode, detail: string) {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, code, detail };
}
