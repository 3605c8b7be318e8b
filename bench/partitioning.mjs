// What partitioning the events by time would bring and cost (docs/decisions/0015-partitioning.md).
import { parseArgs } from 'node:util';
import { buildWhereNeeded, installWhereNeeded, requireNode } from '../scripts/prepare.mjs';

requireNode();
installWhereNeeded();
buildWhereNeeded();
const { endFailed, interruption } = await import('./interruption.mjs');
const { Ledger } = await import('./ledger.mjs');
const { describeMachine, describeServer } = await import('./machine.mjs');
const { OptionError, postgresUrl, wholeNumber } = await import('./options.mjs');
const { measureLayout } = await import('./partitioning/measure-layout.mjs');
const { LAYOUTS, PartitionedEvents } = await import('./partitioning/partitioned-events.mjs');
const { EventRows } = await import('./partitioning/event-rows.mjs');
const { Place } = await import('./place.mjs');
const { Service } = await import('./service.mjs');
const { median } = await import('./statistics.mjs');

const USAGE = `Usage: node bench/partitioning.mjs [options]

  --rows N             events in the table (default 2000000)
  --runs N             runs of each layout, in turn (default 3)
  --database-url URL   a PostgreSQL server of your own, with a database for this alone

The embedded PostgreSQL and the rows are made below TMPDIR, and removed at the end.`;

const signal = interruption();
try {
  await run(readOptions());
} catch (error) {
  endFailed(error, USAGE);
}

function readOptions() {
  let values;
  try {
    const text = { type: 'string' };
    ({ values } = parseArgs({ options: { rows: text, runs: text, 'database-url': text } }));
  } catch (error) {
    throw new OptionError(error.message);
  }
  return {
    rows: wholeNumber('rows', values.rows, 10_000, 100_000_000) ?? 2_000_000,
    runs: wholeNumber('runs', values.runs, 1, 100) ?? 3,
    databaseUrl: postgresUrl(values['database-url']),
  };
}

async function run({ rows, runs, databaseUrl }) {
  // What a Place asks for, to tell whether the disk has room.
  const size = { busyRows: 0, parallelRows: rows, memoryBytes: [0], analytics: [0] };
  const place = await Place.open({ databaseUrl, size, signal });
  try {
    const service = await Service.open(place, {}, { warm: false });
    const url = service.databaseUrl;
    const ledger = await Ledger.open(url);
    try {
      await describe(ledger, { rows, runs });
      const events = await EventRows.make(url, { rows, directory: place.directory, signal });
      await PartitionedEvents.prepare(ledger);
      const samples = Object.fromEntries(LAYOUTS.map(({ name }) => [name, []]));
      for (let run = 0; run < runs; run += 1) {
        for (const layout of run % 2 === 0 ? LAYOUTS : LAYOUTS.toReversed()) {
          signal.throwIfAborted();
          samples[layout.name].push(await measureLayout({ ledger, url, layout, events }));
        }
      }
      print(samples);
    } finally {
      await PartitionedEvents.drop(ledger);
      await ledger.close();
      await service.close();
    }
  } finally {
    await place.close();
  }
}

async function describe(ledger, { rows, runs }) {
  const { cpu, cores, loadAverage } = describeMachine();
  const { server_version: version } = await describeServer(ledger);
  const load = loadAverage.map((value) => value.toFixed(1)).join(' ');
  console.log(
    `${rows.toLocaleString('en')} rows, medians of ${runs} runs in turn; PostgreSQL ${version}, ${cpu}, ${cores} cores`,
  );
  console.log(`load average at the start ${load}\n`);
}

function print(samples) {
  const names = Object.keys(samples);
  console.log(`| | ${names.join(' | ')} |\n|---|${names.map(() => '---').join('|')}|`);
  for (const what of Object.keys(samples[names[0]][0])) {
    const cells = names.map((name) => shown(samples[name].map((sample) => sample[what])));
    console.log(`| ${what} | ${cells.join(' | ')} |`);
  }
}

/** Numbers as their median and spread, texts as they are. */
function shown(values) {
  if (typeof values[0] === 'string') return values[0];
  const digits = Math.max(...values) < 10 ? 2 : Math.max(...values) < 100 ? 1 : 0;
  const number = (value) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  if (values.length === 1) return number(values[0]);
  return `${number(median(values))} (${number(Math.min(...values))}–${number(Math.max(...values))})`;
}
