import type { SourceFileRow } from '../database/schema.ts';
import { isTerminal, type LoadProgress } from '../ingest/file-events.ts';
import { plainText } from '../plain-text.ts';
import { terminalOf } from '../terminal.ts';
import { grouped } from './count.ts';
import { reasonsOf, summaryRowOf } from './load-outcome.ts';
import { ProgressBar } from './progress-bar.ts';
import { summaryTable, wrapped } from './summary-table.ts';

/** Tells a person, or a log, how the load goes: a bar and a table on a terminal, plain lines elsewhere. */
export class LoadReport {
  readonly #bar: ProgressBar;
  readonly #told = new Set<number>();
  readonly #known = new Set<number>();
  readonly #terminal = terminalOf(process.stdout, process.env);

  constructor(totalBytes: number) {
    this.#bar = new ProgressBar(totalBytes);
  }

  progress({ fileId, bytesRead, rowsRead }: LoadProgress): void {
    this.#bar.update(fileId, bytesRead, rowsRead);
  }

  file(file: SourceFileRow): void {
    if (!isTerminal(file) || this.#told.has(file.fileId)) return;
    this.#told.add(file.fileId);
    this.#line(outcome(file));
    this.#bar.update(file.fileId, file.sizeBytes, file.rowsRead);
  }

  alreadyLoaded(file: SourceFileRow): void {
    this.#told.add(file.fileId);
    this.#known.add(file.fileId);
    this.#line(`${file.name}: was loaded before, as file ${file.fileId}; nothing to do`);
    this.#bar.update(file.fileId, file.sizeBytes, 0);
  }

  summary(files: readonly SourceFileRow[], isInterrupted: boolean): void {
    for (const file of files) this.file(file);
    this.#bar.stop();
    if (this.#terminal.isInteractive) {
      const rows = files.map((file) => summaryRowOf(file, this.#known.has(file.fileId)));
      process.stdout.write(`${summaryTable(rows, this.#terminal)}\n`);
    }
    const total = this.#total(files);
    process.stdout.write(`${this.#terminal.isInteractive ? wrapped(total, 0, this.#terminal) : total}\n`);
    if (isInterrupted)
      process.stdout.write(
        'Interrupted: what was not committed is rolled back; the same command goes on from there.\n',
      );
  }

  #total(files: readonly SourceFileRow[]): string {
    const { colors } = this.#terminal;
    const loaded = files.filter(({ status, fileId }) => status === 'loaded' && !this.#known.has(fileId)).length;
    const known = files.filter(({ status, fileId }) => status === 'duplicate' || this.#known.has(fileId)).length;
    const failed = files.filter(({ status }) => status === 'failed').length;
    const held = files.filter(({ status }) => status === 'held').length;
    const rows = files.reduce(
      (sum, file) => sum + (file.status === 'loaded' && !this.#known.has(file.fileId) ? file.rowsLoaded : 0),
      0,
    );
    const rejected = files.reduce((sum, file) => sum + (this.#known.has(file.fileId) ? 0 : file.rowsRejected), 0);
    const failures = `${grouped(failed)} failed`;
    return (
      `${grouped(loaded)} of ${grouped(files.length)} files loaded, ${grouped(known)} loaded before, ` +
      `${failed === 0 ? failures : colors.red(failures)}${held === 0 ? '' : colors.yellow(`, ${grouped(held)} held`)}; ` +
      `${grouped(rows)} rows loaded, ${grouped(rejected)} rejected`
    );
  }

  /** On a terminal the table says it all. */
  #line(line: string): void {
    if (!this.#terminal.isInteractive) process.stdout.write(`${plainText(line)}\n`);
  }
}

function outcome(file: SourceFileRow): string {
  const seconds =
    file.startedAt === null || file.finishedAt === null
      ? ''
      : ` in ${((file.finishedAt.getTime() - file.startedAt.getTime()) / 1000).toFixed(1)} s`;
  switch (file.status) {
    case 'loaded': {
      const rejected =
        file.rowsRejected === 0 ? '' : `, ${grouped(file.rowsRejected)} rejected (${reasonsOf(file.rejectsByReason)})`;
      return `${file.name}: ${grouped(file.rowsLoaded)} rows loaded${rejected}${seconds}, file ${file.fileId}`;
    }
    case 'duplicate':
      return `${file.name}: the same bytes were loaded before, as file ${file.duplicateOf}; nothing to do`;
    case 'failed':
      return `${file.name}: failed: ${file.errorMessage} (${file.errorCode})`;
    case 'held':
      return `${file.name}: held: ${file.errorMessage}`;
    case 'reverted':
      return `${file.name}: its rows were taken out again`;
    case 'queued':
    case 'loading':
      return `${file.name}: not done`;
  }
}
