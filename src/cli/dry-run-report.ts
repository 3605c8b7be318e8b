import type { Findings } from '../ingest/check/findings.ts';
import type { CheckOutcome } from '../ingest/check/outcome.ts';
import { tooManyRejects } from '../ingest/check/reject-limit.ts';
import { plainText } from '../plain-text.ts';
import { terminalOf } from '../terminal.ts';
import { grouped } from './count.ts';
import { LOAD_ANYWAY, reasonsOf } from './load-outcome.ts';
import { type SummaryRow, summaryTable, type Tone, wrapped } from './summary-table.ts';

const DELIMITER_NAMES: Readonly<Record<string, string>> = { ',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'pipe' };

interface Verdict {
  readonly outcome: CheckOutcome;
  /** a file of the same run that has the same bytes */
  readonly twin: string | undefined;
  readonly seconds: number;
}

/** Tells what loading would make of files: a table on a terminal, plain lines elsewhere. */
export class DryRunReport {
  readonly #maxRejectPercent: number;
  readonly #terminal = terminalOf(process.stdout, process.env);
  readonly #rows: SummaryRow[] = [];
  readonly #outcomes: CheckOutcome[] = [];
  #obstacle: string | undefined;

  constructor(maxRejectPercent: number) {
    this.#maxRejectPercent = maxRejectPercent;
  }

  get isAllWell(): boolean {
    return this.#outcomes.every((outcome) => outcome === 'loaded' || outcome === 'duplicate');
  }

  file(name: string, findings: Findings, { outcome, twin, seconds }: Verdict): void {
    const notes = notesOf(findings);
    const { line, status, tone, why } = this.#words(findings, outcome, twin);
    const isLoaded = outcome === 'loaded';
    this.#add(outcome, {
      name,
      status,
      tone,
      rowsLoaded: isLoaded ? findings.rowsLoaded : 0,
      rowsRejected: outcome === 'duplicate' ? 0 : findings.rowsRejected,
      seconds,
      notes: isLoaded && findings.rowsRejected === 0 && findings.ignoredColumns.length === 0 ? [] : [...why, ...notes],
    });
    this.#lines([`${name}: ${line}`, ...notes.map((note) => `  ${note}`)]);
  }

  /** A file that can't be opened or read. */
  unreadable(name: string, message: string, seconds: number): void {
    const row = { rowsLoaded: 0, rowsRejected: 0, seconds, notes: [message] };
    this.#add('failed', { ...row, name, status: 'would fail', tone: 'bad' });
    this.#lines([`${name}: would fail: ${message} (unreadable)`]);
  }

  /** For this reason the command itself would load none of the files. */
  nothingBegins(why: string): void {
    this.#obstacle ??= plainText(why);
  }

  summary(): void {
    if (this.#terminal.isInteractive) process.stdout.write(`${summaryTable(this.#rows, this.#terminal)}\n`);
    const files = (outcome: CheckOutcome) => grouped(this.#outcomes.filter((each) => each === outcome).length);
    const sum = (of: (row: SummaryRow) => number) => grouped(this.#rows.reduce((rows, row) => rows + of(row), 0));
    const obstacle =
      this.#obstacle === undefined ? '' : `loading would begin nothing, since ${this.#obstacle}; otherwise `;
    const total =
      `Dry run, nothing was written: ${obstacle}${files('loaded')} of ${grouped(this.#rows.length)} files would be loaded, ` +
      `${files('duplicate')} the same as another, ${files('held')} held, ${files('failed')} failed; ` +
      `${sum(({ rowsLoaded }) => rowsLoaded)} rows loaded, ${sum(({ rowsRejected }) => rowsRejected)} rejected`;
    process.stdout.write(`${this.#terminal.isInteractive ? wrapped(total, 0, this.#terminal) : total}\n`);
  }

  #add(outcome: CheckOutcome, row: SummaryRow): void {
    this.#outcomes.push(outcome);
    this.#rows.push(row);
  }

  /** On a terminal the table says it all. */
  #lines(lines: readonly string[]): void {
    if (!this.#terminal.isInteractive) process.stdout.write(`${lines.map(plainText).join('\n')}\n`);
  }

  #words(
    findings: Findings,
    outcome: CheckOutcome,
    twin: string | undefined,
  ): { readonly line: string; readonly status: string; readonly tone: Tone; readonly why: readonly string[] } {
    switch (outcome) {
      case 'loaded': {
        const rejected =
          findings.rowsRejected === 0
            ? ''
            : `, ${grouped(findings.rowsRejected)} rejected (${reasonsOf(findings.rejectsByReason)})`;
        const line = `would be loaded: ${grouped(findings.rowsLoaded)} rows${rejected}`;
        return { line, status: 'would load', tone: 'good', why: [] };
      }
      case 'duplicate': {
        const why = `the same bytes as ${twin}`;
        return { line: `would not be loaded again: ${why}`, status: 'same bytes', tone: 'known', why: [why] };
      }
      case 'held': {
        const share = { read: findings.rowsRead, rejected: findings.rowsRejected };
        const why = tooManyRejects(share, this.#maxRejectPercent);
        return { line: `would be held: ${why}`, status: 'would be held', tone: 'warning', why: [why, LOAD_ANYWAY] };
      }
      case 'failed': {
        const why = `${findings.error?.message} (${findings.error?.code})`;
        return { line: `would fail: ${why}`, status: 'would fail', tone: 'bad', why: [why] };
      }
    }
  }
}

/** How the file is read, and the first rows that would be rejected. */
function notesOf(findings: Findings): string[] {
  const { delimiter, encoding, isPacked, ignoredColumns, rejects, rejectsByReason } = findings;
  const format = [
    ...(encoding === null ? [] : [encoding.toUpperCase()]),
    ...(isPacked ? ['gzip'] : []),
    ...(delimiter === null ? [] : [`delimiter ${DELIMITER_NAMES[delimiter] ?? delimiter}`]),
  ];
  const more = findings.rowsRejected - rejects.length;
  return [
    ...(format.length === 0 ? [] : [`read as: ${format.join(', ')}`]),
    ...(ignoredColumns.length === 0 || findings.error !== null
      ? []
      : [`ignored columns: ${ignoredColumns.join(', ')}`]),
    ...(rejects.length === 0 ? [] : [`rejected: ${reasonsOf(rejectsByReason)}`]),
    ...rejects.map(({ lineNumber, reason, message }) => `line ${lineNumber}: ${message} (${reason})`),
    ...(more > 0 && rejects.length > 0 ? [`… and ${grouped(more)} more`] : []),
  ];
}
