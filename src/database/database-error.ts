import { DatabaseError } from 'pg';

/**
 * SQLSTATE classes and codes that say «not now» rather than «not this»: lost or refused connections, shutdown,
 * resources exhausted, operator intervention, serialisation. Not 57014, a statement that was cancelled: one that always
 * exceeds its timeout would be tried for ever. https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const TRANSIENT_CLASSES: ReadonlySet<string> = new Set(['08', '53', '58']);
const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  ...['57P01', '57P02', '57P03', '57P04', '57P05'],
  ...['40001', '40P01', '55P03', '25P02', '25P03', '25P04', '25006'],
]);
const NETWORK_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  // No descriptor left, be it for a connection or for the file: closing one of either lets the work go on.
  'EMFILE',
  'ENFILE',
]);
/** Whatever the system says to these, such as that a name has no address now or a socket file is not there yet. */
const CONNECTING: ReadonlySet<unknown> = new Set(['connect', 'getaddrinfo']);
/** Of node-postgres, which gives them no code; `timeout expired` is its client's word for a connection that took too long. */
const LOST_CONNECTION =
  /connection terminated|timeout exceeded when trying to connect|^timeout expired$|query read timeout|client has encountered a connection error|client was closed|made no progress/i;

/**
 * No session could be begun. Whatever the reason is, no file and no request is at fault: also where the server itself
 * gives it, as for a database that is just being restored (3D000) or closed to sessions (55000), or a password that was
 * changed (28P01).
 */
export class ConnectError extends Error {
  readonly code = 'no_connection';

  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}

/** Whether the database is away or overloaded: the work is not at fault and is done again later. */
export function isDatabaseAway(error: unknown): boolean {
  for (const cause of causes(error)) {
    if (cause instanceof ConnectError) return true;
    if (cause instanceof DatabaseError) {
      const code = cause.code ?? '';
      return TRANSIENT_CLASSES.has(code.slice(0, 2)) || TRANSIENT_CODES.has(code);
    }
    const code = 'code' in cause ? cause.code : undefined;
    const syscall = 'syscall' in cause ? cause.syscall : undefined;
    if (CONNECTING.has(syscall) || (typeof code === 'string' && NETWORK_CODES.has(code))) return true;
    if (LOST_CONNECTION.test(cause.message)) return true;
  }
  return false;
}

/** Whether the error is a violation of the named unique constraint or index. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  for (const cause of causes(error)) {
    if (cause instanceof DatabaseError) return cause.code === '23505' && cause.constraint === constraint;
  }
  return false;
}

/** Whether the server ended the transaction because it and another one waited for each other. */
export function isDeadlock(error: unknown): boolean {
  for (const cause of causes(error)) {
    if (cause instanceof DatabaseError) return cause.code === '40P01';
  }
  return false;
}

/** Whether a lock was not to be had within `lock_timeout`. */
export function isLockTimeout(error: unknown): boolean {
  for (const cause of causes(error)) {
    if (cause instanceof DatabaseError) return cause.code === '55P03';
  }
  return false;
}

/** The error itself and what it wraps, outermost first: drizzle wraps what pg throws, and pg what the socket throws. */
export function* causes(error: unknown): Generator<Error> {
  let current = error;
  for (let depth = 0; depth < 5 && current instanceof Error; depth += 1) {
    yield current;
    if (current instanceof AggregateError) yield* current.errors.filter((inner) => inner instanceof Error);
    current = current.cause;
  }
}
