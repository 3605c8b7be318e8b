import type { User } from '../../api/reply-types.ts';
import { Plot, type PlotConfiguration } from '../../components/plot.tsx';
import type { PlotColours } from '../../components/plot-colours.ts';
import { formatCount } from '../../format/numbers.ts';

const KINDS = [
  { label: 'views', colour: 'accent', countOf: ({ views }: User) => views },
  { label: 'added to cart', colour: 'warn', countOf: ({ cartAdds }: User) => cartAdds },
  { label: 'purchases', colour: 'ok', countOf: ({ purchases }: User) => purchases },
  {
    label: 'removed from cart',
    colour: 'violet',
    // The rest: the view counts three kinds by themselves, and all of them.
    countOf: ({ totalEvents, views, cartAdds, purchases }: User) => totalEvents - views - cartAdds - purchases,
  },
] as const;

/** What the most active users did, a bar each. */
export function UserPlot({ users }: { readonly users: readonly User[] }) {
  const [first] = users;
  if (first === undefined) return null;
  const label = `Events of the ${users.length} most active users by kind; most has ${first.userId}: ${formatCount(first.totalEvents)}. The table below has all figures.`;
  return <Plot label={label} configure={(colours) => plotOf(users, colours)} class="plot-users" />;
}

function plotOf(users: readonly User[], colours: PlotColours): PlotConfiguration {
  return {
    type: 'bar',
    data: {
      labels: users.map(({ userId }) => shortened(userId)),
      datasets: KINDS.map(({ label, colour, countOf }) => ({
        label,
        data: users.map(countOf),
        backgroundColor: colours[colour],
        maxBarThickness: 20,
      })),
    },
    options: {
      indexAxis: 'y',
      interaction: { mode: 'index', axis: 'y', intersect: false },
      plugins: { legend: { position: 'bottom', labels: { color: colours.text, boxWidth: 12, boxHeight: 12 } } },
      scales: {
        x: {
          stacked: true,
          title: { display: true, text: 'events', color: colours.text },
          ticks: { precision: 0, color: colours.text, maxTicksLimit: 6 },
          grid: { color: colours.line },
        },
        y: { stacked: true, ticks: { color: colours.text, autoSkip: false }, grid: { display: false } },
      },
    },
  };
}

/** An id may have 50 characters, and on a phone nothing would be left for the bars. */
const shortened = (id: string): string => (id.length > 16 ? `${id.slice(0, 15)}…` : id);
