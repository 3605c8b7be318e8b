// The command line, and how much work each scenario is given.
import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run bench [-- options]

  --quick              everything smaller, in under two minutes: tells whether it runs, not how fast
  --only a,b           only these scenarios (a to j, see docs/BENCHMARKS.md)
  --runs N             pairs of runs of every comparison, and starts of the service (default 3 to 9, by scenario)
  --rows N             rows of the file in a; everything else grows or shrinks with it (default 1000000)
  --events N           events in the last step of j (default 10 times --rows, 100000 with --quick); 50000000 take 15 GB
                       and half an hour more
  --database-url URL   a PostgreSQL server of your own, with a database for this alone: the tables of Sluice in it are emptied
  --out DIR            where the results go (default bench/results)
  --help               show this

Needs psql on the PATH. Files and the embedded PostgreSQL are made below TMPDIR, and removed at the end.`;

const FULL_ROWS = 1_000_000;
const QUICK_ROWS = 50_000;
const LARGEST = 10_000_000;
const FIRST_EVENTS = 100_000;
const LEAST_EVENTS = 10_000;
const MOST_EVENTS = 1_000_000_000;
/** Some seconds of load: less is over before anything can be measured meanwhile. */
const LEAST_BUSY_ROWS = 1_000_000;
const QUICK_BUSY_ROWS = 600_000;
const QUICK_ANALYTICS_BUSY_ROWS = 200_000;

export const SCENARIOS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];

/** What was asked for can't be done; the message says why. */
export class OptionError extends Error {}

/**
 * Reads the command line, without node and script.
 * @throws OptionError
 */
export function readOptions(args) {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        runs: { type: 'string' },
        rows: { type: 'string' },
        events: { type: 'string' },
        'database-url': { type: 'string' },
        out: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    throw new OptionError(error.message);
  }
  const only = values.only?.split(',').map((letter) => letter.trim()) ?? SCENARIOS;
  const unknown = only.filter((letter) => !SCENARIOS.includes(letter));
  if (unknown.length > 0) throw new OptionError(`--only: there is no scenario '${unknown.join("', '")}'`);
  const rows = wholeNumber('rows', values.rows, 1000, LARGEST) ?? (values.quick ? QUICK_ROWS : FULL_ROWS);
  const events =
    wholeNumber('events', values.events, LEAST_EVENTS, MOST_EVENTS) ?? (values.quick ? FIRST_EVENTS : rows * 10);
  return {
    help: values.help,
    quick: values.quick,
    only: SCENARIOS.filter((letter) => only.includes(letter)),
    databaseUrl: postgresUrl(values['database-url']),
    out: values.out,
    size: sizeOf({ rows, events, runs: wholeNumber('runs', values.runs, 1, 1000), quick: values.quick }),
  };
}

/** @throws OptionError */
export function postgresUrl(text) {
  if (text === undefined || (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text))) return text;
  throw new OptionError('--database-url: must be a URL that begins with postgresql://');
}

/** @throws OptionError */
export function wholeNumber(name, text, least, most) {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new OptionError(`--${name}: must be a whole number from ${least} to ${most}, not '${text}'`);
}

function sizeOf({ rows, events, runs, quick }) {
  const share = rows / FULL_ROWS;
  const growth = [];
  for (let size = 10_000; size <= rows * (quick ? 1 : 10); size *= 10) growth.push(size);
  return {
    rows,
    parallelRows: Math.ceil(rows / 2),
    smallFiles: Math.max(20, Math.round(5000 * share)),
    /** of each file that keeps a loader busy while something else is measured */
    busyRows: Math.max(quick ? QUICK_BUSY_ROWS : LEAST_BUSY_ROWS, rows * 6),
    /** the same in j, where a second is enough to tell whether it runs */
    analyticsBusyRows: quick ? QUICK_ANALYTICS_BUSY_ROWS : Math.max(LEAST_BUSY_ROWS, rows * 6),
    memoryBytes: [100e6 * share, (quick ? 1000e6 : 2000e6) * share],
    growth: growth.length > 0 ? growth : [rows],
    analytics: eventSteps(events),
    arrivals: quick ? 4 : 40,
    requestSeconds: quick ? 2 : 8,
    runs: {
      one: runs ?? (quick ? 3 : 7),
      parallel: runs ?? (quick ? 1 : 5),
      small: runs ?? (quick ? 1 : 3),
      dialect: runs ?? (quick ? 1 : 5),
      growth: runs ?? (quick ? 1 : 3),
      firstStart: runs ?? (quick ? 1 : 3),
      laterStart: runs ?? (quick ? 3 : 9),
    },
  };
}

/** Powers of ten, and then the number itself. */
function eventSteps(events) {
  const steps = [];
  for (let step = FIRST_EVENTS; step < events; step *= 10) steps.push(step);
  return [...steps, events];
}
