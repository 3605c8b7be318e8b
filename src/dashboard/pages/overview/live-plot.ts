import { HISTORY_MS, type StatsSample } from '../../api/stats-history.ts';
import type { PlotConfiguration } from '../../components/plot.tsx';
import type { PlotColours } from '../../components/plot-colours.ts';

interface Curve {
  value(sample: StatsSample): number;
  /** how a value is written at the axis and in the tooltip */
  tick(value: number): string;
  readonly colour: 'accent' | 'warn';
}

/** Longer than between two samples: nothing is known of the time in between, so no line is drawn. */
const GAP_MS = 4000;
/** An axis from 0 to 0 would show nothing with a line through its middle. */
const LOWEST_TOP = 5;

/** One curve over the last minutes; the right edge is now. */
export function livePlot(history: readonly StatsSample[], colours: PlotColours, curve: Curve): PlotConfiguration {
  const now = history.at(-1)?.at ?? 0;
  const points = history.flatMap((sample, index) => {
    const point = { x: (sample.at - now) / 1000, y: curve.value(sample) };
    const before = history[index - 1];
    const isAfterGap = before !== undefined && sample.at - before.at > GAP_MS;
    return isAfterGap ? [{ x: point.x, y: Number.NaN }, point] : [point];
  });
  const grid = { color: colours.line };
  return {
    type: 'line',
    data: {
      datasets: [
        {
          data: points,
          borderColor: colours[curve.colour],
          backgroundColor: faint(colours[curve.colour]),
          borderWidth: 1.75,
          pointRadius: 0,
          pointHitRadius: 8,
          fill: 'origin',
          stepped: false,
        },
      ],
    },
    options: {
      parsing: false,
      normalized: true,
      animation: false,
      interaction: { mode: 'nearest', axis: 'x', intersect: false },
      plugins: {
        legend: { display: false },
        tooltip: {
          displayColors: false,
          callbacks: {
            title: ([item]) => (item === undefined ? '' : agoInWords(Number(item.parsed.x))),
            label: ({ parsed }) => curve.tick(Math.round(Number(parsed.y))),
          },
        },
      },
      scales: {
        x: {
          type: 'linear',
          min: -HISTORY_MS / 1000,
          max: 0,
          grid: { display: false },
          border: { color: colours.line },
          ticks: { stepSize: 60, color: colours.text, maxRotation: 0, callback: (value) => minutesAgo(Number(value)) },
        },
        y: {
          beginAtZero: true,
          suggestedMax: LOWEST_TOP,
          grid,
          border: { display: false },
          ticks: {
            color: colours.text,
            maxTicksLimit: 5,
            precision: 0,
            callback: (value) => curve.tick(Number(value)),
          },
        },
      },
    },
  };
}

const minutesAgo = (seconds: number): string => (seconds === 0 ? 'now' : `−${Math.round(-seconds / 60)} min`);

const agoInWords = (seconds: number): string => (seconds > -1 ? 'now' : `${Math.round(-seconds)} s ago`);

/** Of a colour as the browser computes those of the style sheets, `rgb(…)`, which takes an alpha at its end. */
const faint = (colour: string): string => colour.replace(/^rgb\((.*)\)$/, 'rgb($1, 0.14)');
