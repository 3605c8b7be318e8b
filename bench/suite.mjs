// The suite itself: which scenarios run, in which order, and what becomes of their results. Needs a built `dist`.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { interruptedExitCode, interruption } from './interruption.mjs';
import { WrongResultError } from './ledger.mjs';
import { describeCommit, describeMachine, describeServer } from './machine.mjs';
import { OptionError, readOptions, USAGE } from './options.mjs';
import { Place } from './place.mjs';
import { MissingPsqlError, Psql } from './psql.mjs';
import { writeReport } from './report.mjs';
import { Service } from './service.mjs';
import { consoleRow, resultCells, TABLE_HEADER } from './table.mjs';

/** --quick promises two minutes; on a slow machine it begins nothing more after this, and says so. */
const QUICK_MS = 85_000;
const RESULTS = fileURLToPath(new URL('results', import.meta.url));
const SCENARIO_MODULES = {
  a: 'one-loader',
  b: 'parallel-loaders',
  c: 'small-files',
  d: 'dialects',
  e: 'visibility',
  f: 'request-latency',
  g: 'peak-memory',
  h: 'start',
  i: 'growth',
  j: 'analytics',
};

const signal = interruption();

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(USAGE);
  else process.exitCode = await run(options);
} catch (error) {
  process.exitCode = interruptedExitCode() ?? 1;
  if (signal.aborted) console.error('interrupted before anything was measured');
  else if (error instanceof OptionError) console.error(`${error.message}\n\n${USAGE}`);
  else if (error instanceof MissingPsqlError) console.error(error.message);
  else throw error;
}

async function run({ only, databaseUrl, size, out, quick }) {
  const start = performance.now();
  const startedAt = new Date().toISOString();
  const psql = await Psql.find();
  const machine = describeMachine();
  const endAt = quick ? start + QUICK_MS : Number.POSITIVE_INFINITY;
  const {
    results,
    errors,
    skipped,
    server,
    seconds: secondsOf,
  } = await measure({ only, databaseUrl, size, psql, endAt });
  const report = {
    startedAt,
    seconds: (performance.now() - start) / 1000,
    secondsOf,
    commandLine: ['node', 'bench/run.mjs', ...process.argv.slice(2).map(withoutPassword)].join(' '),
    commit: describeCommit(),
    machine,
    psql: psql.version,
    server,
    quick,
    size,
    results,
    errors,
    skipped,
  };
  const paths = await writeReport(resolve(out ?? RESULTS), report);
  for (const { scenario, message } of errors) console.error(`${scenario} failed: ${message}`);
  if (skipped.length > 0) console.log(`not measured, the time of --quick being over: ${skipped.join(', ')}`);
  console.log(`\n${Math.round(report.seconds)} s; written:\n  ${paths.join('\n  ')}`);
  return interruptedExitCode() ?? (errors.length === 0 ? 0 : 1);
}

async function measure({ only, databaseUrl, size, psql, endAt }) {
  const results = [];
  const errors = [];
  const skipped = [];
  const seconds = {};
  let server;
  const place = await Place.open({ databaseUrl, size, psql, signal });
  try {
    server = await serverOf(place);
    console.log(consoleRow(TABLE_HEADER));
    const emit = (result) => {
      results.push({ notes: [], targets: [], ...result });
      console.log(consoleRow(resultCells(results.at(-1))));
    };
    for (const scenario of only) {
      if (performance.now() > endAt) {
        skipped.push(scenario);
        continue;
      }
      const module = await import(`./scenarios/${SCENARIO_MODULES[scenario]}.mjs`);
      const start = performance.now();
      try {
        await module.measure({ place, size, emit: (result) => emit({ scenario, ...result }) });
      } catch (error) {
        const isInterrupted = signal.aborted;
        errors.push({ scenario, message: isInterrupted ? 'interrupted' : error.message });
        // What loads wrongly is not to be timed any further.
        if (isInterrupted || error instanceof WrongResultError) break;
        console.error(error);
      }
      await place.clear();
      seconds[scenario] = (performance.now() - start) / 1000;
    }
  } finally {
    await place.close();
  }
  return { results, errors, skipped, server, seconds };
}

/** Settings of the server; also the first start, which creates the database and its tables. */
async function serverOf(place) {
  const service = await Service.open(place, {}, { warm: false });
  try {
    return await describeServer(service.ledger);
  } finally {
    await service.close();
  }
}

function withoutPassword(argument) {
  return argument.replace(/(postgres(?:ql)?:\/\/[^:/?#@]*):[^@]*@/, '$1:***@');
}
