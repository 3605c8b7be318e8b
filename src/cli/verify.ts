import { parseArgs } from 'node:util';
import { loadConfig } from '../config.ts';
import { readDotEnv } from '../environment.ts';
import { rootMessage } from '../error-code.ts';
import { createLogger, terminalStream } from '../log.ts';
import { plainText } from '../plain-text.ts';
import { VerifyCommand } from './verify-command.ts';

const HELP = `Recomputes what the ledger and the views say from the rows themselves, and tells every difference.

  npm run verify -- [options]

Options:
  --rebuild    first makes the totals, of which the views are made, anew from user_events: for rows that something else
               than Sluice has put there, or taken out, by SQL. While it works nobody can load or undo: those that
               come wait, and loads that wait for longer than 25 s begin again. Reading goes on
  -h, --help   this text

It checks that for each file rows_read = rows_loaded + rows_rejected, that user_events (with what RETENTION_DAYS has
dropped) and rejected_rows hold just as many, and no line twice; and that both views, and the totals below them, are what
the events add up to. All of it is read in one snapshot, so a service may go on loading meanwhile; its analytics get slower
the longer that lasts. It reads every event four times: about a minute for ten million of them, during which the server
needs room for temporary files. It changes nothing, but with --rebuild.

The database is DATABASE_URL, or else the embedded one in DATA_DIR, which is started where it does not run.

Exit code:
  0     everything agrees
  1     there is a difference, or nothing was checked: a wrong option, no database, tables of another version
  130   interrupted by Ctrl-C; a rebuild that was not finished has changed nothing
`;

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' }, rebuild: { type: 'boolean' } } });
    if (values.help === true) {
      process.stdout.write(HELP);
      return 0;
    }
    readDotEnv();
    const config = loadConfig(process.env);
    const level = config.LOG_LEVEL === 'info' ? 'warn' : config.LOG_LEVEL;
    const command = new VerifyCommand(config, createLogger(level, await terminalStream()));
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(130));
        command.interrupt();
      });
    }
    return await command.run({ rebuild: values.rebuild === true });
  } catch (error) {
    process.stderr.write(`${rootMessage(error).split('\n').map(plainText).join('\n')}\nNothing was checked.\n`);
    return 1;
  }
}
