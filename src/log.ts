import { DatabaseError } from 'pg';
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import type { Config } from './config.ts';

const MAX_CAUSES = 5;

/**
 * One JSON object a line, so that nothing in a file name or message can forge another line. Neither rows nor secrets are ever given to the logger; of errors only what can hold neither is written.
 */
export function createLogger(level: Config['LOG_LEVEL'], destination?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    // Whoever logs a request or what a plugin was given, as the multipart parser is: the key is in its headers.
    redact: ['headers', '*.headers', '*.*.headers'],
    serializers: { err: (error: unknown) => describeError(error, 0) },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** Readable lines where standard output is a terminal; undefined elsewhere, where programs read it. */
export async function terminalStream(): Promise<DestinationStream | undefined> {
  if (!process.stdout.isTTY) return undefined;
  const { default: pretty } = await import('pino-pretty');
  return pretty({
    ignore: 'pid,hostname,time',
    singleLine: true,
    translateTime: false,
    colorize: process.env['NO_COLOR'] === undefined,
    sync: true,
  });
}

/**
 * An error without the values that it speaks about: drizzle appends the parameters of a failed query to its message,
 * PostgreSQL puts whole rows into `detail` and `where`, and clients hang on errors with all their settings.
 */
function describeError(error: unknown, depth: number): unknown {
  if (!(error instanceof Error)) return error;
  return {
    type: error.constructor.name,
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    message: 'query' in error && typeof error.query === 'string' ? `Failed query: ${error.query}` : error.message,
    ...(error instanceof DatabaseError
      ? { schema: error.schema, table: error.table, constraint: error.constraint }
      : {}),
    stack: error.stack
      ?.split('\n')
      .filter((line) => line.startsWith('    at '))
      .join('\n'),
    ...(error.cause !== undefined && depth < MAX_CAUSES ? { cause: describeError(error.cause, depth + 1) } : {}),
    ...(error instanceof AggregateError
      ? { errors: error.errors.map((inner) => describeError(inner, depth + 1)) }
      : {}),
  };
}
