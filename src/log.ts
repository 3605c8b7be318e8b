import { DatabaseError } from 'pg';
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import type { Config } from './config.ts';
import { plainText } from './plain-text.ts';
import { terminalOf } from './terminal.ts';

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

/**
 * Readable lines where standard output is a terminal; undefined elsewhere, where programs read it. `omit`: lines that the
 * reader is told of in another way.
 */
export async function terminalStream(
  omit: (entry: Readonly<Record<string, unknown>>) => boolean = () => false,
): Promise<DestinationStream | undefined> {
  if (!process.stdout.isTTY) return undefined;
  const { default: pretty } = await import('pino-pretty');
  return withoutCommands(pretty(lineOptions(process.stdout, process.env)), omit);
}

/** How a line looks for a person: in colours where the rest of what is printed there has them. */
export function lineOptions(...[stream, env]: Parameters<typeof terminalOf>) {
  return {
    ignore: 'pid,hostname,time',
    singleLine: true,
    translateTime: false,
    colorize: terminalOf(stream, env).colors.isColorSupported,
    sync: true,
  };
}

/**
 * Unlike JSON, the readable form shows names and messages as they are, and a terminal would obey what is in them: the stream
 * gets the same lines with such texts made plain.
 */
export function withoutCommands(
  stream: DestinationStream,
  omit: (entry: Readonly<Record<string, unknown>>) => boolean,
): DestinationStream {
  return {
    write(line) {
      const entry: Record<string, unknown> = JSON.parse(line);
      if (!omit(entry)) stream.write(`${JSON.stringify(entry, plainValue)}\n`);
    },
  };
}

function plainValue(key: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return key === 'stack' ? value.split('\n').map(plainText).join('\n') : plainText(value);
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
