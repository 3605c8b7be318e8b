import { type Options, Presets, SingleBar } from 'cli-progress';
import type { SourceFileRow } from '../database/schema.ts';
import { isTerminal, type LoadProgress } from '../ingest/file-events.ts';

const LINE_INTERVAL_MS = 5000;
const count = new Intl.NumberFormat('en');

/** Tells a person, or a log, how the load goes: a bar on a terminal, plain lines elsewhere. */
export class LoadReport {
  readonly #totalBytes: number;
  readonly #bytesRead = new Map<number, number>();
  readonly #told = new Set<number>();
  readonly #known = new Set<number>();
  readonly #bar: SingleBar | undefined;
  #lastLine = performance.now();

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
    if (!process.stderr.isTTY) return;
    const options: Options = {
      format: '  {bar} {percentage}%  {rows} rows  {duration_formatted}, {eta_formatted} left',
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
    };
    this.#bar = new SingleBar(options, Presets.shades_classic);
    this.#bar.start(Math.max(1, totalBytes), 0, { rows: '0' });
  }

  progress({ fileId, bytesRead, rowsRead }: LoadProgress): void {
    this.#bytesRead.set(fileId, bytesRead);
    this.#update(rowsRead);
  }

  file(file: SourceFileRow): void {
    if (!isTerminal(file) || this.#told.has(file.fileId)) return;
    this.#told.add(file.fileId);
    this.#bytesRead.set(file.fileId, file.sizeBytes);
    this.#print(outcome(file));
    this.#update(file.rowsRead);
  }

  alreadyLoaded(file: SourceFileRow): void {
    this.#told.add(file.fileId);
    this.#known.add(file.fileId);
    this.#bytesRead.set(file.fileId, file.sizeBytes);
    this.#print(`${file.name}: was loaded before, as file ${file.fileId}; nothing to do`);
  }

  summary(files: readonly SourceFileRow[], isInterrupted: boolean): void {
    this.#bar?.stop();
    for (const file of files) this.file(file);
    const loaded = files.filter(({ status, fileId }) => status === 'loaded' && !this.#known.has(fileId)).length;
    const known = files.filter(({ status, fileId }) => status === 'duplicate' || this.#known.has(fileId)).length;
    const failed = files.filter(({ status }) => status === 'failed').length;
    const rows = files.reduce(
      (sum, file) => sum + (file.status === 'loaded' && !this.#known.has(file.fileId) ? file.rowsLoaded : 0),
      0,
    );
    const rejected = files.reduce((sum, file) => sum + (this.#known.has(file.fileId) ? 0 : file.rowsRejected), 0);
    process.stdout.write(
      `${count.format(loaded)} of ${count.format(files.length)} files loaded, ${count.format(known)} loaded before, ${count.format(failed)} failed; ` +
        `${count.format(rows)} rows loaded, ${count.format(rejected)} rejected\n`,
    );
    if (isInterrupted)
      process.stdout.write(
        'Interrupted: what was not committed is rolled back; the same command goes on from there.\n',
      );
  }

  #update(rowsRead: number): void {
    const bytes = [...this.#bytesRead.values()].reduce((sum, read) => sum + read, 0);
    this.#bar?.update(Math.min(bytes, this.#totalBytes), { rows: count.format(rowsRead) });
    if (this.#bar !== undefined || performance.now() - this.#lastLine < LINE_INTERVAL_MS) return;
    this.#lastLine = performance.now();
    const percent = this.#totalBytes === 0 ? 100 : Math.floor((bytes / this.#totalBytes) * 100);
    process.stderr.write(`${percent}% read, ${count.format(rowsRead)} rows of the current file\n`);
  }

  #print(line: string): void {
    // The bar redraws itself below whatever is printed over it.
    if (this.#bar !== undefined) process.stderr.write('\r\u001b[K');
    process.stdout.write(`${line}\n`);
  }
}

function outcome(file: SourceFileRow): string {
  const seconds =
    file.startedAt === null || file.finishedAt === null
      ? ''
      : ` in ${((file.finishedAt.getTime() - file.startedAt.getTime()) / 1000).toFixed(1)} s`;
  switch (file.status) {
    case 'loaded': {
      const rejects = Object.entries(file.rejectsByReason).map(([reason, rows]) => `${reason} ${count.format(rows)}`);
      const rejected =
        file.rowsRejected === 0 ? '' : `, ${count.format(file.rowsRejected)} rejected (${rejects.join(', ')})`;
      return `${file.name}: ${count.format(file.rowsLoaded)} rows loaded${rejected}${seconds}, file ${file.fileId}`;
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
