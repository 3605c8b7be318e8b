import pc from 'picocolors';

/** What is known of the place that text is written to. */
export interface Terminal {
  /** whether a person looks at it: a bar and tables there, plain lines elsewhere */
  readonly isInteractive: boolean;
  /** in characters */
  readonly columns: number;
  readonly colors: ReturnType<typeof pc.createColors>;
}

const USUAL_COLUMNS = 80;
const NARROWEST_COLUMNS = 20;

/**
 * NO_COLOR (https://no-color.org), whatever its value, turns colours off; else FORCE_COLOR turns them on, also where nobody looks,
 * but for 0. Without either they are on where a person looks.
 */
export function terminalOf(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  env: Readonly<Record<string, string | undefined>>,
): Terminal {
  const isInteractive = stream.isTTY === true && env['TERM'] !== 'dumb';
  const isOff = isSet(env['NO_COLOR']) || env['FORCE_COLOR'] === '0';
  const hasColors = !isOff && (isSet(env['FORCE_COLOR']) || isInteractive);
  // A terminal whose size nobody has set says that it has 0 columns.
  const columns = Math.max(NARROWEST_COLUMNS, stream.columns || USUAL_COLUMNS);
  return { isInteractive, columns, colors: pc.createColors(hasColors) };
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}
