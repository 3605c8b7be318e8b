import type { PurchaseDay } from '../../api/reply-types.ts';
import { Plot, type PlotConfiguration } from '../../components/plot.tsx';
import type { PlotColours } from '../../components/plot-colours.ts';
import { formatDay } from '../../format/moments.ts';
import { formatCount, formatMoney, formatShortCount } from '../../format/numbers.ts';

interface Measure {
  readonly title: string;
  readonly unit: string;
  readonly colour: 'accent' | 'ok' | 'violet';
  of(day: PurchaseDay): number;
  wordsOf(day: PurchaseDay): string;
}

const MEASURES: readonly Measure[] = [
  {
    title: 'Revenue',
    unit: 'revenue per day',
    colour: 'accent',
    // A float is good enough for the height of a bar; whatever is read is made from the decimal itself.
    of: ({ totalRevenue }) => Number(totalRevenue),
    wordsOf: ({ totalRevenue }) => formatMoney(totalRevenue),
  },
  {
    title: 'Orders',
    unit: 'orders per day',
    colour: 'ok',
    of: ({ totalPurchases }) => totalPurchases,
    wordsOf: ({ totalPurchases }) => formatCount(totalPurchases),
  },
  {
    title: 'Customers',
    unit: 'customers per day',
    colour: 'violet',
    of: ({ uniqueCustomers }) => uniqueCustomers,
    wordsOf: ({ uniqueCustomers }) => formatCount(uniqueCustomers),
  },
];

/** Three plots over the same days, each on a scale of its own. */
export function PurchasePlots({ days }: { readonly days: readonly PurchaseDay[] }) {
  return (
    <div class="small-plots">
      {MEASURES.map((measure) => (
        <figure key={measure.title}>
          <figcaption>
            <h3>{measure.title}</h3>
          </figcaption>
          <Plot label={labelOf(measure, days)} configure={(colours) => plotOf(measure, days, colours)} />
        </figure>
      ))}
    </div>
  );
}

function labelOf({ unit, of, wordsOf }: Measure, days: readonly PurchaseDay[]): string {
  const most = days.reduce((best, day) => (of(day) > of(best) ? day : best));
  const from = formatDay(days[0]?.purchaseDate ?? '');
  const to = formatDay(days.at(-1)?.purchaseDate ?? '');
  return `${unit}, ${from} to ${to}; most on ${formatDay(most.purchaseDate)}: ${wordsOf(most)}. The table below has each day.`;
}

/** Beyond so many days bars are thinner than the gaps between them. */
const MOST_BARS = 60;

function plotOf(measure: Measure, days: readonly PurchaseDay[], colours: PlotColours): PlotConfiguration {
  const colour = colours[measure.colour];
  const isBars = days.length <= MOST_BARS;
  const points = { label: measure.unit, data: days.map((day) => measure.of(day)), backgroundColor: colour };
  return {
    type: isBars ? 'bar' : 'line',
    data: {
      labels: days.map(({ purchaseDate }) => formatDay(purchaseDate)),
      datasets: [
        isBars ? points : { ...points, borderColor: colour, borderWidth: 1.5, pointRadius: 0, pointHitRadius: 8 },
      ],
    },
    options: {
      interaction: { mode: 'index', intersect: false },
      plugins: {
        legend: { display: false },
        tooltip: {
          callbacks: {
            label: ({ dataIndex }) => {
              const day = days[dataIndex];
              return day === undefined ? '' : `${measure.unit}: ${measure.wordsOf(day)}`;
            },
          },
        },
      },
      scales: {
        x: {
          ticks: { color: colours.text, maxRotation: 0, autoSkip: true, autoSkipPadding: 16 },
          grid: { display: false },
        },
        y: {
          beginAtZero: true,
          ticks: { color: colours.text, maxTicksLimit: 6, callback: (value) => formatShortCount(Number(value)) },
          grid: { color: colours.line },
        },
      },
    },
  };
}
