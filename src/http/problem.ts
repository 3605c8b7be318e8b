import { STATUS_CODES } from 'node:http';

/** An error that is meant for the client; its status is the one that the reply has. */
export class HttpProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    detail: string,
    options: { headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(detail, { cause: options.cause });
    this.name = 'HttpProblem';
    this.status = status;
    this.code = code;
    this.headers = options.headers ?? {};
  }
}

/** The body of an error reply: https://www.rfc-editor.org/rfc/rfc9457 */
export function problemBody(status: number, code: string, detail: string) {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, code, detail };
}
