import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type SummaryRow, summaryTable } from '../../../src/cli/summary-table.ts';
import { terminalOf } from '../../../src/terminal.ts';

const GOOD: SummaryRow = {
  name: 'one.csv',
  status: 'loaded',
  tone: 'good',
  rowsLoaded: 1_234_567,
  rowsRejected: 0,
  seconds: 4.25,
  notes: [],
};
const FAILED: SummaryRow = {
  name: 'bad.csv',
  status: 'failed',
  tone: 'bad',
  rowsLoaded: 0,
  rowsRejected: 0,
  notes: ['the header has no column user_id; its columns are: a, b (missing_columns)'],
};

function table(rows: readonly SummaryRow[], columns: number, env: Record<string, string> = {}): string {
  return summaryTable(rows, terminalOf({ isTTY: true, columns }, env));
}

const widest = (text: string) =>
  Math.max(
    ...stripVTControlCharacters(text)
      .split('\n')
      .map((line) => line.length),
  );

describe('the table of a load', () => {
  it('has a row for each file, with numbers below each other, and what is to be said below', () => {
    expect(table([GOOD, FAILED], 80, { NO_COLOR: '1' })).toBe(
      [
        'file     status     loaded  rejected   time',
        'one.csv  loaded  1,234,567         0  4.3 s',
        'bad.csv  failed          0         0',
        '',
        'bad.csv',
        '  the header has no column user_id; its columns are: a, b (missing_columns)',
        '',
      ].join('\n'),
    );
  });

  it('shows by colour how a file fared', () => {
    const text = table([GOOD, FAILED], 80);
    expect(text).toContain('\u001b[32mloaded\u001b[39m');
    expect(text).toContain('\u001b[31mfailed\u001b[39m');
    expect(stripVTControlCharacters(text)).toBe(table([GOOD, FAILED], 80, { NO_COLOR: '1' }));
  });

  it.each([20, 33, 40, 52, 80, 200])('is no wider than %d columns, whatever the names', (columns) => {
    const rows = ['x'.repeat(300), '\u001b[31m.csv', 'a b c', '\u202e\n.csv'].flatMap((name) => [
      { ...GOOD, name },
      { ...FAILED, name },
    ]);
    const text = table(rows, columns);
    expect(widest(text)).toBeLessThanOrEqual(columns);
    expect(stripVTControlCharacters(text)).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u);
    expect(stripVTControlCharacters(text)).toContain('1,234,567');
  });

  it('of very many files shows those that need somebody to look, and counts the others', () => {
    const text = table([...Array<SummaryRow>(2000).fill(GOOD), FAILED], 80, { NO_COLOR: '1' });
    expect(text).not.toContain('one.csv');
    expect(text).toContain('bad.csv');
    expect(text).toContain('… and 2,000 more files');
    expect(text.split('\n').length).toBeLessThan(12);
  });

  it('of no file is nothing', () => {
    expect(table([], 80)).toBe('');
  });
});
