import { STATUS_CODES } from 'node:http';
import { type Static, type TSchema, Type } from '@sinclair/typebox';

/** A reference to a schema that the server knows by its `$id`, with its type. */
export const ref = <T extends TSchema>(schema: T) => Type.Unsafe<Static<T>>(Type.Ref(schema.$id ?? ''));

export const nullable = <T extends TSchema>(schema: T, options: object = {}) =>
  Type.Union([schema, Type.Null()], options);

export const oneOf = <const T extends readonly string[]>(values: T, options: object = {}) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...options });

export const Instant = Type.String({ format: 'date-time', description: 'ISO 8601, UTC' });
export const Money = Type.String({ pattern: '^-?\\d+\\.\\d{2}$', description: 'a decimal with two places' });
export const Count = Type.Integer({ minimum: 0 });
export const FileId = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'number of a file in the ledger',
});
export const FileParams = Type.Object({ fileId: FileId });
/** The format `date` lets the year 0000 pass, which PostgreSQL does not know. */
export const DATE = /^(?!0000)\d{4}-\d{2}-\d{2}$/;
/** PostgreSQL has no text with a NUL in it. */
export const NO_NUL = '^[^\\u0000]*$';

/** What clients may leave out: its default is filled in before anybody reads it, so its type has no `undefined`. */
export const defaulted = <T extends TSchema>(schema: T): T => Type.Optional(schema) as TSchema as T;

export const page = <T extends TSchema>(row: T) =>
  Type.Object({
    data: Type.Array(ref(row)),
    nextCursor: nullable(Type.String(), { description: 'give it as `cursor` for the next page; null on the last' }),
  });

export const PageQuery = Type.Object({
  limit: defaulted(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
  cursor: Type.Optional(Type.String({ maxLength: 500, description: '`nextCursor` of the page before' })),
});

export const ProblemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'stable; meant for programs' }),
    detail: Type.String({ description: 'what is wrong, where, and what to do' }),
  },
  { $id: 'Problem', description: 'An error as RFC 9457 describes it.' },
);

/** What any route may answer: to a Host header that is not ours, and to what nobody foresaw. */
const ANY_ROUTE = [421, 500];
/** What any route but probes may answer: to a client that asks too often. */
const LIMITED_ROUTE = [429, ...ANY_ROUTE];

const RETRY_AFTER = { 'Retry-After': { type: 'integer', description: 'seconds after which to try again' } };

/** The error replies of a route, for its response schema. */
export const problems = (...statuses: readonly number[]) => describe([...statuses, ...LIMITED_ROUTE]);

/** The same for routes that probes ask, which are answered however often. */
export const probeProblems = () => describe(ANY_ROUTE);

function describe(statuses: readonly number[]) {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: STATUS_CODES[status] ?? 'Error',
        ...(status === 429 ? { headers: RETRY_AFTER } : {}),
        content: { 'application/problem+json': { schema: ref(ProblemSchema) } },
      },
    ]),
  );
}
