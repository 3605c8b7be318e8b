import { relative, resolve } from 'node:path';
import { Service } from './app.ts';
import { type Config, ConfigError, loadConfig } from './config.ts';
import { readDotEnv } from './environment.ts';
import { createLogger, terminalStream } from './log.ts';
import { checkDirectories } from './preflight.ts';
import { shellWord } from './shell-word.ts';
import { terminalOf } from './terminal.ts';

/** npm passes a signal on that a terminal or supervisor has already sent to everybody: two signals, one press. */
const SAME_PRESS_MS = 300;

await main();

async function main(): Promise<void> {
  const config = await readConfig();
  const log = createLogger(config.LOG_LEVEL, await terminalStream());
  const service = new Service({ config, log });

  let stopping: { readonly signal: string; readonly at: number } | undefined;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping !== undefined) {
      const isUnderNpm = process.env['npm_lifecycle_event'] !== undefined;
      if (isUnderNpm && signal === stopping.signal && Date.now() - stopping.at < SAME_PRESS_MS) return;
      log.warn('second signal: ending at once');
      process.exit(1);
    }
    stopping = { signal, at: Date.now() };
    log.info({ signal }, 'stopping: finishing or rolling back what is in flight; a second signal ends at once');
    service.stop().then(
      () => process.exit(0),
      (error) => {
        log.fatal({ err: error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'an error that nobody handled'));

  try {
    await service.start();
    if (stopping === undefined) greet(service, config);
  } catch (error) {
    if (stopping !== undefined) return;
    process.stderr.write(`Sluice can't start: ${describe(error, config)}\n`);
    log.debug({ err: error }, 'start failed');
    await service.stop();
    process.exit(1);
  }
}

async function readConfig(): Promise<Config> {
  try {
    readDotEnv();
    const config = loadConfig(process.env);
    await checkDirectories(config);
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

function describe(error: unknown, config: Config): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE')
    return `port ${config.PORT} is taken: stop what listens there, or set PORT to another one (0: any free)`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `HOST ${config.HOST} is no address of this machine`;
  if (code === '28P01' || code === '28000')
    return `the database of DATABASE_URL refuses the user or password (${error.message})`;
  if (code === '3D000')
    return `the database that DATABASE_URL names does not exist: create it first (${error.message})`;
  return error.message;
}

function greet(service: Service, config: Config): void {
  const { address, port, family } = service.address;
  const shownHost =
    config.HOST === '127.0.0.1' || config.HOST === '0.0.0.0'
      ? 'localhost'
      : family === 'IPv6'
        ? `[${address}]`
        : address;
  const url = `http://${shownHost}:${port}`;
  const key = config.API_KEY === undefined ? '' : ' -H "Authorization: Bearer $API_KEY"';
  const urlFile = service.databaseUrlFile;
  const psql =
    urlFile === undefined ? 'psql "$DATABASE_URL"' : `psql "$(cat ${shellWord(relative(process.cwd(), urlFile))})"`;
  const exported = [config.API_KEY, urlFile === undefined ? '' : undefined].some((secret) => secret !== undefined);
  const isDefaultFolder = service.inputDirectory === resolve('input_data');
  const out = isDefaultFolder ? '' : ` --out ${shellWord(service.inputDirectory)}`;
  const { colors } = terminalOf(process.stdout, process.env);
  const open = `Open ${colors.cyan(`${url}/`)} in a browser and drop a file on the page`;
  const asked = config.API_KEY === undefined ? '' : '; it asks for the API_KEY';
  process.stdout.write(`
  ${colors.bold(colors.green(`Sluice is ready at ${url}`))}

    Dashboard        ${url}/
    Watched folder   ${service.inputDirectory}
    Database         ${urlFile === undefined ? 'DATABASE_URL' : `embedded PostgreSQL 18 in ${config.DATA_DIR}`}

  ${colors.bold('Next')}
    ${open}${asked}.

  Or in another terminal${exported ? ', with the same environment' : ''}: make events, check a file of yours, load it, and
  look at what came of it
    npm run generate -- --rows 1000 --dirty 0.05${out}
    curl${key} -F file=@events.csv ${url}/validate
    curl${key} -F file=@events.csv '${url}/uploads?wait=30'
    curl${key} ${url}/ingestion/stats
    ${psql} -c 'select * from purchase_analytics limit 5'

  All calls: ${url}/docs     Stop: Ctrl-C

`);
}
