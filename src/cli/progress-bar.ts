import { Presets, SingleBar } from 'cli-progress';
import { terminalOf } from '../terminal.ts';
import { grouped } from './count.ts';

const LINE_INTERVAL_MS = 5000;
/** Everything of the bar's line but the bar itself. */
const LONGEST_TEXT = 58;
const LONGEST_BAR = 40;
const SHORTEST_BAR = 8;

/** How much of some files has been read: a bar where standard error is a terminal, a line now and then elsewhere. */
export class ProgressBar {
  readonly #totalBytes: number;
  readonly #files = new Map<number, { readonly bytes: number; readonly rows: number }>();
  readonly #bar: SingleBar | undefined;
  readonly #startedAt = performance.now();
  #bytes = 0;
  #rows = 0;
  #lastLine = performance.now();

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
    const { isInteractive, columns, colors } = terminalOf(process.stderr, process.env);
    if (!isInteractive) return;
    const isNarrow = columns < LONGEST_TEXT + SHORTEST_BAR;
    const text = isNarrow
      ? '{percentage}%  {eta_formatted} left'
      : '{percentage}%  {rows} rows, {rate}/s  {eta_formatted} left';
    this.#bar = new SingleBar(
      {
        format: `  ${colors.cyan('{bar}')} ${text}`,
        barsize: isNarrow ? SHORTEST_BAR : Math.min(LONGEST_BAR, columns - LONGEST_TEXT),
        stream: process.stderr,
        clearOnComplete: true,
        hideCursor: true,
      },
      Presets.shades_classic,
    );
    this.#bar.start(Math.max(1, totalBytes), 0, { rows: '0', rate: '0' });
  }

  /** What has been read of one of the files. */
  update(file: number, bytes: number, rows: number): void {
    const before = this.#files.get(file);
    this.#files.set(file, { bytes, rows });
    this.#bytes += bytes - (before?.bytes ?? 0);
    this.#rows += rows - (before?.rows ?? 0);
    if (this.#bar === undefined) {
      this.#printLine(rows);
      return;
    }
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const rate = grouped(Math.round(this.#rows / Math.max(seconds, 0.001)));
    this.#bar.update(Math.min(this.#bytes, this.#totalBytes), { rows: grouped(this.#rows), rate });
  }

  stop(): void {
    this.#bar?.stop();
  }

  #printLine(rows: number): void {
    if (performance.now() - this.#lastLine < LINE_INTERVAL_MS) return;
    this.#lastLine = performance.now();
    process.stderr.write(`${progressLine(this.#bytes, this.#totalBytes, rows)}\n`);
  }
}

/** Of standard input nobody knows how much is to come: its bytes are not in the total. */
export function progressLine(bytes: number, totalBytes: number, rows: number): string {
  const share = totalBytes === 0 || bytes > totalBytes ? '' : `${Math.floor((bytes / totalBytes) * 100)}% read, `;
  return `${share}${grouped(rows)} rows of the current file`;
}
