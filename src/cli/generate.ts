import { randomInt } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { readDotEnv } from '../environment.ts';
import { batchOptions, OptionError, parseGenerateCommand } from '../generator/generate-options.ts';
import { writeSamples } from '../generator/samples.ts';
import { writeBatches } from '../generator/write-batches.ts';
import type { WrittenFile } from '../generator/write-event-file.ts';

const HELP = `Writes CSV files of user events, as an online shop would.

  npm run generate -- [options]

  --rows N                rows of each run, split over its files (1000)
  --files N               files of each run (1)
  --dirty SHARE           share of rows that must be rejected, 0 to 1 (0)
  --seed S                the same seed and options give the same bytes (random)
  --out DIR               folder to write to, made if missing (INPUT_DIR or input_data)
  --every SECONDS         write a run every so many seconds, until SIGINT or SIGTERM
  --users N               how many different users there are (10000)
  --start YYYY-MM-DD      day of the first event (2024-01-15; now with --every and no --seed)
  --gzip                  write .csv.gz
  --manifest              write what has to come of each file to .NAME.expected.json beside it
  --max-record-bytes N    let some of the dirty rows be longer than N bytes
  --delimiter NAME        comma, semicolon, tab or pipe (comma)
  --newline NAME          lf, crlf or cr (lf)
  --encoding NAME         utf8, utf8-bom, utf16le or utf16be (utf8)
  --shuffle-columns       columns in another order, and one that the data rules do not know
  --samples               write the sample files of the repository instead; goes with --out only
  --help                  show this

Files are named events-SEED-NNNN.csv and appear whole; a name that is taken is passed over.
Exit codes: 0 written, or --every ended by a signal; 1 not written; 130 or 143 interrupted before all was written.`;

const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

await main();

async function main(): Promise<void> {
  const interrupted = new AbortController();
  let endless = false;
  let interruptedExitCode = 1;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // Once: a second signal ends the process the hard way.
    process.once(signal, () => {
      interruptedExitCode = SIGNAL_EXIT_CODES[signal];
      interrupted.abort();
    });
  }
  // Whoever read our output went away (`| head`): without this the process dies in the middle of a file.
  process.stdout.on('error', () => interrupted.abort());

  try {
    readDotEnv();
    const command = parseGenerateCommand(process.argv.slice(2), process.env);
    if (command.help) {
      console.log(HELP);
      return;
    }
    endless = command.everyMs !== undefined;
    await mkdir(command.directory, { recursive: true });
    if (command.samples) {
      for (const file of await writeSamples(command.directory, interrupted.signal)) report(file);
      return;
    }
    const seed = command.seed ?? String(randomInt(2 ** 32));
    if (command.seed === undefined) console.log(`seed ${seed}`);
    for await (const file of writeBatches({ ...batchOptions(command, seed), signal: interrupted.signal })) report(file);
  } catch (error) {
    process.exitCode = 1;
    if (interrupted.signal.aborted && error instanceof Error && error.name === 'AbortError') {
      process.exitCode = endless ? 0 : interruptedExitCode;
    } else if (error instanceof OptionError) {
      console.error(`generate: these options cannot be followed (--help shows them all)\n${indented(error.message)}`);
    } else {
      console.error(`generate: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

function report(file: WrittenFile): void {
  const reasons = Object.entries(file.expectedRejectsByReason).map(([reason, rows]) => `${reason} ${rows}`);
  const dirty = reasons.length === 0 ? '' : ` (${reasons.join(', ')})`;
  console.log(
    `wrote ${file.path}: ${file.bytes} bytes, ${file.rows} rows, ${file.expectedLoaded} clean, ${file.expectedRejected} dirty${dirty}`,
  );
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
