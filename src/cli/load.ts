import { parseArgs } from 'node:util';
import { loadConfig } from '../config.ts';
import { readDotEnv } from '../environment.ts';
import { rootMessage } from '../error-code.ts';
import { createLogger, terminalStream } from '../log.ts';
import { plainText } from '../plain-text.ts';
import { DryRun } from './dry-run.ts';
import { LoadCommand } from './load-command.ts';

const HELP = `Loads CSV files once, as the service would, and exits.

  npm run load -- FILE... [options]   each file, .csv or .csv.gz; - reads standard input

Options:
  --dry-run                 says what loading would find, and loads nothing; needs no database
  --max-reject-percent P    holds a file of which more than P percent of the rows are rejected, 0 to 100: none of its
                            rows is loaded. Without it MAX_REJECT_PERCENT says so. A file that was held is loaded
                            when it is named again with a limit that it keeps
  -h, --help                this text

The database is DATABASE_URL, or else the embedded one in DATA_DIR, which is started where it does not run.
On a terminal there is a progress bar and a table, elsewhere plain lines. NO_COLOR=1 turns colours off, FORCE_COLOR=1 on.

Exit code:
  0     every file is loaded or was loaded before; with --dry-run: would be
  1     any failed or is held (would fail or be held), or nothing was begun: a wrong option, a file that is not there,
        no database
  130   interrupted by Ctrl-C; what was not committed is rolled back
`;

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        'dry-run': { type: 'boolean' },
        'max-reject-percent': { type: 'string' },
      },
    });
    if (values.help === true || positionals.length === 0) {
      (values.help === true ? process.stdout : process.stderr).write(HELP);
      return values.help === true ? 0 : 1;
    }
    const maxRejectPercent = readPercent(values['max-reject-percent']);
    readDotEnv();
    const config = loadConfig(process.env);
    const command =
      values['dry-run'] === true
        ? new DryRun(config)
        : new LoadCommand(
            config,
            // What becomes of a file is in the table.
            createLogger(
              config.LOG_LEVEL === 'info' ? 'warn' : config.LOG_LEVEL,
              await terminalStream((entry) => 'fileId' in entry),
            ),
          );
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(130));
        void command.interrupt();
      });
    }
    return await command.run(positionals, maxRejectPercent);
  } catch (error) {
    // Settings that are wrong are told a line each.
    process.stderr.write(`${rootMessage(error).split('\n').map(plainText).join('\n')}\n`);
    return 1;
  }
}

/** @throws Error that names the option */
function readPercent(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const percent = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (percent >= 0 && percent <= 100) return percent;
  throw new Error(`--max-reject-percent must be a number from 0 to 100, such as 2.5, not '${plainText(text)}'`);
}
