import { parseArgs } from 'node:util';
import { DELIMITERS, type Dialect, ENCODINGS, NEWLINES, PLAIN_DIALECT, shuffledColumns } from './dialect.ts';
import { decimal, entryOf, folder, oneOf, seedText, startDay, type ValueKind, wholeNumber } from './option-values.ts';
import { createRandom } from './random.ts';
import type { BatchOptions } from './write-batches.ts';

/** What `npm run generate` was asked to do. */
export interface GenerateCommand {
  readonly help: boolean;
  readonly samples: boolean;
  readonly directory: string;
  /** Undefined where the user leaves it to chance. */
  readonly seed: string | undefined;
  readonly rows: number;
  readonly files: number;
  readonly dirty: number;
  readonly users: number;
  /** Milliseconds since 1970; undefined where the user named no day. */
  readonly start: number | undefined;
  /** Time between two batches in milliseconds; undefined writes one batch. */
  readonly everyMs: number | undefined;
  readonly maxRecordBytes: number | undefined;
  readonly gzip: boolean;
  readonly manifest: boolean;
  readonly delimiter: Dialect['delimiter'];
  readonly newline: Dialect['newline'];
  readonly encoding: Dialect['encoding'];
  readonly shuffleColumns: boolean;
}

/** Options that cannot be followed; the message names every fault, one a line. */
export class OptionError extends Error {
  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.name = 'OptionError';
  }
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const OPTIONS = {
  rows: text,
  files: text,
  dirty: text,
  seed: text,
  out: text,
  every: text,
  users: text,
  start: text,
  delimiter: text,
  newline: text,
  encoding: text,
  'max-record-bytes': text,
  'shuffle-columns': flag,
  gzip: flag,
  manifest: flag,
  samples: flag,
  help: flag,
} as const;

/**
 * Reads the command line (without node and script) and `INPUT_DIR`.
 *
 * @throws OptionError naming all faults at once, so that nobody has to find them one by one.
 */
export function parseGenerateCommand(args: readonly string[], env: NodeJS.ProcessEnv): GenerateCommand {
  // Not strict: parseArgs would throw at the first fault and hide the others.
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const faults: string[] = [];

  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const known = Object.hasOwn(OPTIONS, token.name) ? OPTIONS[token.name as keyof typeof OPTIONS] : undefined;
    if (known === undefined) faults.push(`${token.rawName}: there is no such option`);
    else if (known.type === 'boolean' && token.value !== undefined) faults.push(`${token.rawName}: takes no value`);
  }
  if (values['samples'] === true && Object.keys(values).some((name) => name !== 'samples' && name !== 'out')) {
    faults.push('--samples: goes with --out only');
  }
  for (const positional of positionals) faults.push(`'${positional}': not an option`);

  function read<T>(name: keyof typeof OPTIONS, { expected, parse }: ValueKind<T>): T | undefined {
    const value = values[name];
    if (value === undefined) return undefined;
    const parsed = typeof value === 'string' ? parse(value) : undefined;
    if (parsed === undefined) {
      faults.push(`--${name}: needs ${expected}${typeof value === 'string' ? `, not '${value}'` : ''}`);
    }
    return parsed;
  }

  const seconds = read('every', decimal(0.01, 86_400));
  const command: GenerateCommand = {
    help: values['help'] === true,
    samples: values['samples'] === true,
    directory: read('out', folder) ?? (env['INPUT_DIR'] || 'input_data'),
    seed: read('seed', seedText),
    rows: read('rows', wholeNumber(1, 10_000_000_000)) ?? 1000,
    files: read('files', wholeNumber(1, 1_000_000)) ?? 1,
    dirty: read('dirty', decimal(0, 1)) ?? 0,
    users: read('users', wholeNumber(1, 10_000_000)) ?? 10_000,
    start: read('start', startDay),
    everyMs: seconds === undefined ? undefined : seconds * 1000,
    maxRecordBytes: read('max-record-bytes', wholeNumber(4096, 268_435_456)),
    gzip: values['gzip'] === true,
    manifest: values['manifest'] === true,
    delimiter: read('delimiter', entryOf(DELIMITERS)) ?? DELIMITERS.comma,
    newline: read('newline', entryOf(NEWLINES)) ?? NEWLINES.lf,
    encoding: read('encoding', oneOf(ENCODINGS)) ?? 'utf8',
    shuffleColumns: values['shuffle-columns'] === true,
  };
  if (command.files > command.rows) faults.push(`--files: ${command.files} files cannot share ${command.rows} rows`);

  if (faults.length > 0) throw new OptionError(faults);
  return command;
}

/** The batches that the command asks for, once the seed is known. */
export function batchOptions(command: GenerateCommand, seed: string): BatchOptions {
  const { rows, everyMs, start, maxRecordBytes, shuffleColumns, delimiter, newline, encoding } = command;
  // Nobody asked for repeatable files: let them look as if they came from a shop that is open now.
  const live = everyMs !== undefined && command.seed === undefined && start === undefined;
  const dialect: Dialect = { ...PLAIN_DIALECT, delimiter, newline, encoding };
  return {
    directory: command.directory,
    seed,
    rows,
    files: command.files,
    dirty: command.dirty,
    users: command.users,
    gzip: command.gzip,
    manifest: command.manifest,
    everyMs,
    live,
    dialect: shuffleColumns ? { ...dialect, columns: shuffledColumns(createRandom(`${seed}/columns`)) } : dialect,
    ...(start !== undefined && { start }),
    ...(maxRecordBytes !== undefined && { maxRecordBytes }),
    ...(live && { meanGapMs: Math.max(1, Math.floor(everyMs / rows)) }),
  };
}
