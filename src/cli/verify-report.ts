import { plainText } from '../plain-text.ts';
import { terminalOf } from '../terminal.ts';
import type { DifferenceGroup } from '../verify/difference.ts';
import type { Verification } from '../verify/verify-database.ts';
import { grouped } from './count.ts';
import { wrapped } from './summary-table.ts';

/** Tells how a check goes and what it has found; the last line is the outcome. */
export class VerifyReport {
  readonly #terminal = terminalOf(process.stdout, process.env);
  readonly #isWatched = terminalOf(process.stderr, process.env).isInteractive;
  #begin = performance.now();
  #isShowing = false;

  /** What is being done now, for who waits. */
  stage(text: string): void {
    this.clear();
    if (!this.#isWatched) return;
    process.stderr.write(`  ${text} …`);
    this.#isShowing = true;
  }

  clear(): void {
    if (this.#isShowing) process.stderr.write('\r\u001b[2K');
    this.#isShowing = false;
  }

  rebuilt(): void {
    this.clear();
    this.#line(`The totals were made anew from user_events, in ${this.#seconds()}.`);
    this.#begin = performance.now();
  }

  /** Returns whether everything agrees. */
  end({ files, views }: Verification): boolean {
    this.clear();
    const { colors } = this.#terminal;
    this.#line(
      `Checked ${counted(files.files, 'file')}, ${counted(files.events, 'event')}, ${counted(files.rejects, 'rejected row')}, ` +
        `${counted(views.users, 'user')} and ${counted(views.days, 'day')} with purchases, as they were at ` +
        `${files.checkedAt.toISOString()}, in ${this.#seconds()}.`,
    );
    for (const group of [...files.groups, ...views.groups]) this.#group(group);
    const [ofFiles, ofViews] = [total(files.groups), total(views.groups)];
    if (ofFiles + ofViews === 0) {
      this.#line('No difference: the ledger, the rows and the views agree.', colors.green);
      return true;
    }
    if (ofFiles > 0)
      this.#line(
        'Sluice writes the ledger in the transaction that writes the rows: what else has written to these tables? ' +
          'Where rows are missing, undo the file (DELETE /ingestion/files/{fileId}) and load it again.',
      );
    if (ofViews > 0) this.#line('The totals of the views are made anew by: npm run verify -- --rebuild');
    this.#line(
      `${counted(ofFiles + ofViews, 'difference')}: ${grouped(ofFiles)} in the accounting of files, ` +
        `${grouped(ofViews)} in the views and their totals.`,
      colors.red,
    );
    return false;
  }

  #group({ what, count, first }: DifferenceGroup): void {
    for (const { where, expected, found } of first)
      this.#line(`${what}: ${where}: expected ${expected}, found ${found}`);
    if (count > first.length) this.#line(`${what}: … and ${grouped(count - first.length)} more`);
  }

  #line(text: string, color: (text: string) => string = (same) => same): void {
    const plain = plainText(text);
    process.stdout.write(`${color(this.#terminal.isInteractive ? wrapped(plain, 0, this.#terminal) : plain)}\n`);
  }

  #seconds(): string {
    return `${((performance.now() - this.#begin) / 1000).toFixed(1)} s`;
  }
}

function counted(count: number, what: string): string {
  return `${grouped(count)} ${what}${count === 1 ? '' : 's'}`;
}

function total(groups: readonly DifferenceGroup[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0);
}
