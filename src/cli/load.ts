import { parseArgs } from 'node:util';
import { loadConfig } from '../config.ts';
import { readDotEnv } from '../environment.ts';
import { rootMessage } from '../error-code.ts';
import { createLogger, terminalStream } from '../log.ts';
import { LoadCommand } from './load-command.ts';

const HELP = `Loads CSV files once, as the service would, and exits.

  npm run load -- FILE...        each file, .csv or .csv.gz; - reads standard input

The database is DATABASE_URL, or else the embedded one in DATA_DIR, which is started where it does not run.
Exit code: 0 when every file is loaded or was loaded before, 1 when any failed or is held, 130 when interrupted.
`;

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' } },
    });
    if (values.help === true || positionals.length === 0) {
      (values.help === true ? process.stdout : process.stderr).write(HELP);
      return values.help === true ? 0 : 1;
    }
    readDotEnv();
    const config = loadConfig(process.env);
    const command = new LoadCommand(
      config,
      createLogger(config.LOG_LEVEL === 'info' ? 'warn' : config.LOG_LEVEL, await terminalStream()),
    );
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(130));
        void command.interrupt();
      });
    }
    return await command.run(positionals);
  } catch (error) {
    process.stderr.write(`${rootMessage(error)}\n`);
    return 1;
  }
}
