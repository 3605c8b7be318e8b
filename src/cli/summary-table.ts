import Table from 'cli-table3';
import { plainText } from '../plain-text.ts';
import type { Terminal } from '../terminal.ts';
import { grouped } from './count.ts';

/** How a file fared, for the colour of its row. */
export type Tone = 'good' | 'known' | 'warning' | 'bad';

export interface SummaryRow {
  readonly name: string;
  readonly status: string;
  readonly tone: Tone;
  readonly rowsLoaded: number;
  readonly rowsRejected: number;
  /** undefined where nothing was done */
  readonly seconds?: number | undefined;
  /** what is to be said of the file below the table */
  readonly notes: readonly string[];
}

/** Of more files than that, only those are shown that need somebody's eyes, and of them not more either. */
const MOST_ROWS = 50;
/** With less room for the name than that, each file has lines of its own. */
const NARROWEST_NAME = 12;
const GAP = '  ';
const HEAD = ['file', 'status', 'loaded', 'rejected', 'time'] as const;

const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
};

/** The files as a table no wider than the terminal, and below it what is to be said of them. With a line end, unless there is nothing. */
export function summaryTable(rows: readonly SummaryRow[], terminal: Terminal): string {
  const shown = rows.length <= MOST_ROWS ? rows : rows.filter(({ tone }) => tone !== 'good').slice(0, MOST_ROWS);
  const parts = [tableOf(shown, terminal), notesOf(shown, terminal)];
  const hidden = rows.length - shown.length;
  if (hidden > 0) parts.push(terminal.colors.dim(`… and ${grouped(hidden)} more files`));
  const text = parts.filter((part) => part !== '').join('\n');
  return text === '' ? '' : `${text}\n`;
}

function tableOf(rows: readonly SummaryRow[], terminal: Terminal): string {
  if (rows.length === 0) return '';
  const { colors, columns } = terminal;
  const cells = rows.map((row) => ({ row, texts: textsOf(row) }));
  const widths = HEAD.map((head, column) =>
    Math.max(head.length, ...cells.map(({ texts }) => texts[column]?.length ?? 0)),
  );
  const others = widths.slice(1).reduce((sum, width) => sum + width + GAP.length, 0);
  const room = columns - others;
  if (room < NARROWEST_NAME) return stacked(rows, terminal);
  const table = new Table({
    chars: { ...NO_BORDERS, middle: GAP },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colAligns: ['left', 'left', 'right', 'right', 'right'],
    colWidths: [
      Math.min(room, Math.max(HEAD[0].length, ...cells.map(({ texts }) => widthOf(texts[0] ?? '')))),
      ...widths.slice(1),
    ],
    head: HEAD.map((text) => colors.bold(text)),
  });
  for (const { row, texts } of cells) {
    const [name = '', status = '', ...numbers] = texts;
    table.push([name, toneOf(row.tone, terminal)(status), ...numbers]);
  }
  return trimmed(table.toString());
}

/** In columns of a terminal, or somewhat more: from Hangul on most characters take two. */
function widthOf(text: string): number {
  return [...text].reduce((width, character) => width + (character < '\u1100' ? 1 : 2), 0);
}

/** For a terminal that is too narrow for columns. */
function stacked(rows: readonly SummaryRow[], terminal: Terminal): string {
  return rows
    .map((row) => {
      const [name = '', status = '', loaded, rejected, time = ''] = textsOf(row);
      const numbers = [`${loaded} loaded`, `${rejected} rejected`, time].filter((text) => text !== '').join(', ');
      return `${wrapped(name, 0, terminal)}\n${toneOf(row.tone, terminal)(`${GAP}${status}`)}\n${wrapped(numbers, 2, terminal)}`;
    })
    .join('\n');
}

function textsOf({ name, status, rowsLoaded, rowsRejected, seconds }: SummaryRow): string[] {
  const time = seconds === undefined ? '' : `${seconds.toFixed(1)} s`;
  return [plainText(name), status, grouped(rowsLoaded), grouped(rowsRejected), time];
}

function notesOf(rows: readonly SummaryRow[], terminal: Terminal): string {
  return rows
    .filter(({ notes }) => notes.length > 0)
    .map(({ name, tone, notes }) => {
      const head = toneOf(tone, terminal)(wrapped(plainText(name), 0, terminal));
      return `\n${[head, ...notes.map((note) => wrapped(plainText(note), 2, terminal))].join('\n')}`;
    })
    .join('\n');
}

function toneOf(tone: Tone, { colors }: Terminal): (text: string) => string {
  switch (tone) {
    case 'good':
      return colors.green;
    case 'known':
      return colors.dim;
    case 'warning':
      return colors.yellow;
    case 'bad':
      return colors.red;
  }
}

/** In lines that fit below the table, broken between words where it can be; the table knows how wide characters are. */
export function wrapped(text: string, indent: number, { columns }: Terminal): string {
  const table = new Table({
    chars: NO_BORDERS,
    style: { 'padding-left': indent, 'padding-right': 0, head: [], border: [], compact: true },
    colWidths: [columns - 1],
    wordWrap: true,
  });
  table.push([text]);
  return trimmed(table.toString());
}

function trimmed(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
