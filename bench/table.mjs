// One line of the table: from a result to text.

export const TABLE_HEADER = [
  '',
  'what',
  'n',
  'Sluice',
  'psql \\copy',
  'ratio of medians',
  'median of pairs',
  'target',
  'result',
];
const WIDTHS = [1, 46, 3, 40, 40, 16, 15, 27, 30];
/** With fewer samples they would be the maximum under another name. */
const P95_SAMPLES = 20;
const P99_SAMPLES = 100;

/** A line for the terminal. */
export function consoleRow(cells) {
  return cells
    .map((cell, index) => cell.padEnd(WIDTHS[index]))
    .join('  ')
    .trimEnd();
}

/**
 * `result`: `{ scenario, what, unit: 's' | 'ms' | 'MB', count?: { number, of }, sluice, psql, ratios, targets, notes }`, where
 * `sluice` and `psql` are summaries of samples in that unit and seconds are also shown as so many of `count` a second.
 */
export function resultCells({ scenario, what, unit, count, sluice, psql, ratios, targets }) {
  return [
    scenario,
    what,
    sluice === undefined ? '0' : String(sluice.n),
    shown(sluice, unit, count),
    shown(psql, unit, count),
    ratios === undefined ? '' : ratios.ofMedians.toFixed(2),
    ratios === undefined ? '' : ratios.medianOfPairs.toFixed(2),
    targets
      .map(({ what: of, sign, value, unit: measure = '' }) => `${of} ${sign} ${number(value)} ${measure}`.trim())
      .join(', '),
    targets.map(verdict).join(', '),
  ];
}

function shown(summary, unit, count) {
  if (summary === undefined) return '';
  const { n, median, p95, p99, min, max } = summary;
  if (unit === 'ms') {
    const tail = [
      ...(n >= P95_SAMPLES ? [`p95 ${number(p95)}`] : []),
      ...(n >= P99_SAMPLES ? [`p99 ${number(p99)}`] : []),
    ];
    return `${[`p50 ${number(median)}`, ...tail, `max ${number(max)}`].join(', ')} ms`;
  }
  const spread = n > 1 ? ` (${number(min)}–${number(max)})` : '';
  if (count === undefined) return `${number(median)} ${unit}${spread}`;
  return `${number(count.number / median)} ${count.of}/s, ${number(median)} s${spread}`;
}

function verdict({ actual, value, met, sign }) {
  if (actual === undefined) return 'not measured';
  if (met) return `met: ${number(actual)}`;
  const off = Math.abs(actual / value - 1) * 100;
  return `missed: ${number(actual)}, ${off.toFixed(0)} % ${sign === '≥' ? 'below' : 'above'}`;
}

function number(value) {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en', {
    minimumFractionDigits: digits === 2 ? 2 : 0,
    maximumFractionDigits: digits,
  });
}
