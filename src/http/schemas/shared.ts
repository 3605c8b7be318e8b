import { STATUS_CODES } from 'node:http';
import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { problemBody } from '../problem.ts';
import { describeProblem, PROBLEM_CODES, type ProblemCode } from '../problem-codes.ts';

/** A reference to a schema that the server knows by its `$id`, with its type. */
export const ref = <T extends TSchema>(schema: T) => Type.Unsafe<Static<T>>(Type.Ref(schema.$id ?? ''));

export const nullable = <T extends TSchema>(schema: T, options: object = {}) =>
  Type.Union([schema, Type.Null()], options);

export const oneOf = <const T extends readonly string[]>(values: T, options: object = {}) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...options });

export const Instant = Type.String({ format: 'date-time', description: 'ISO 8601, UTC' });
export const Money = Type.String({ pattern: '^-?\\d+\\.\\d{2}$', description: 'a decimal with two places' });
export const Count = Type.Integer({ minimum: 0 });
export const counted = (description: string) => Type.Integer({ minimum: 0, description });
export const FileId = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'number of a file in the ledger',
});
export const FileParams = Type.Object({
  fileId: Type.Integer({
    ...FileId,
    description: 'number of the file, as the upload or the list of files gives it',
    examples: [7],
  }),
});
/** The format `date` lets the year 0000 pass, which PostgreSQL does not know. */
export const DATE = /^(?!0000)\d{4}-\d{2}-\d{2}$/;
/** PostgreSQL has no text with a NUL in it. */
export const NO_NUL = '^[^\\u0000]*$';

/** What clients may leave out: its default is filled in before anybody reads it, so its type has no `undefined`. */
export const defaulted = <T extends TSchema>(schema: T): T => Type.Optional(schema) as TSchema as T;

export const page = <T extends TSchema>(row: T) =>
  Type.Object(
    {
      data: Type.Array(ref(row)),
      nextCursor: nullable(Type.String(), { description: 'give it as `cursor` for the next page; null on the last' }),
    },
    { description: 'One page' },
  );

export const PageQuery = Type.Object({
  limit: defaulted(Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'rows of one page' })),
  cursor: Type.Optional(Type.String({ maxLength: 500, description: '`nextCursor` of the page before' })),
});

export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: 'always `about:blank`: `code` tells problems apart' }),
    title: Type.String({ description: 'the phrase of the status' }),
    status: Type.Integer({ description: 'the status of the reply' }),
    code: Type.String({ description: 'stable; meant for programs. Each call lists those that it may answer' }),
    detail: Type.String({ description: 'for people: what is wrong, where, and what to do' }),
  },
  { $id: 'Problem', description: 'An error as RFC 9457 describes it.' },
);

/** What any route may answer: to a Host header that is not ours, and to what nobody foresaw. */
const ANY_ROUTE = ['host_not_allowed', 'internal_error'] as const satisfies readonly ProblemCode[];
/** What any route but probes may answer: to a client that asks too often. */
const LIMITED_ROUTE = ['too_many_requests', ...ANY_ROUTE] as const;

/** Of routes that ask the database. */
export const DATABASE_PROBLEMS = [
  'busy',
  'query_timeout',
  'database_unavailable',
] as const satisfies readonly ProblemCode[];

/** Of routes that change something: with a method that another site may want to send, and that may have a body. */
export const CHANGE_PROBLEMS = [
  'cross_site_request',
  'unsupported_media_type',
] as const satisfies readonly ProblemCode[];

const RETRY_AFTER = { 'Retry-After': { type: 'integer', description: 'seconds after which to try again' } };

/** A description with commands that work as they stand: a test runs each. */
export function withExamples(text: string, ...commands: readonly string[]): string {
  return [text, '', '```sh', ...commands, '```'].join('\n');
}

/** The error replies of a route, for its response schema: every code that it may answer, beside those of any route. */
export const problems = (...codes: readonly ProblemCode[]) => describe([...codes, ...LIMITED_ROUTE]);

/** The same for routes that probes ask, which are answered however often. */
export const probeProblems = () => describe(ANY_ROUTE);

function describe(codes: readonly ProblemCode[]) {
  const statuses = [...new Set(codes.map((code) => PROBLEM_CODES[code].status))].sort((one, other) => one - other);
  return Object.fromEntries(
    statuses.map((status) => {
      const own = codes.filter((code) => PROBLEM_CODES[code].status === status);
      return [
        status,
        {
          description: [STATUS_CODES[status], '', ...own.map((code) => `- ${describeProblem(code)}`)].join('\n'),
          ...(status === 429 || status === 503 ? { headers: RETRY_AFTER } : {}),
          content: {
            'application/problem+json': {
              schema: ref(ProblemSchema),
              examples: Object.fromEntries(own.map((code) => [code, { summary: code, value: exampleOf(code) }])),
            },
          },
        },
      ];
    }),
  );
}

function exampleOf(code: ProblemCode): Static<typeof ProblemSchema> {
  const { status, meaning, remedy } = PROBLEM_CODES[code];
  return problemBody(status, code, `${meaning} ${remedy}`.replaceAll('`', ''));
}
