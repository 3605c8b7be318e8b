import { useState } from 'preact/hooks';
import { statsHistory } from '../../api/live-stats.ts';
import { HISTORY_MS, type StatsSample, thinned } from '../../api/stats-history.ts';
import { Plot } from '../../components/plot.tsx';
import { TableFrame } from '../../components/table-frame.tsx';
import { formatSeconds } from '../../format/durations.ts';
import { formatCount, formatCounted } from '../../format/numbers.ts';
import { useStore } from '../../state/use-store.ts';
import { livePlot } from './live-plot.ts';

const TABLE_EVERY_MS = 15_000;
const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

/** Throughput and lag of the last minutes, side by side where there is room. */
export function LivePlots() {
  const history = useStore(statsHistory);
  const [showsTable, setShowsTable] = useState(false);
  const latest = history.at(-1);
  const minutes = HISTORY_MS / 60_000;
  const highest = Math.max(0, ...history.map(({ rowsPerSecond }) => rowsPerSecond));
  const longest = Math.max(0, ...history.map(({ lagSeconds }) => lagSeconds));
  return (
    <section class="card" aria-labelledby="live-title">
      <div class="card-head">
        <h2 id="live-title">
          Last {minutes} minutes <span class="muted small wide-only">sampled each second while this page is seen</span>
        </h2>
        <button
          type="button"
          class="button quiet"
          aria-expanded={showsTable}
          onClick={() => setShowsTable(!showsTable)}
        >
          {showsTable ? 'Hide the table' : 'As a table'}
        </button>
      </div>
      <div class="plots">
        <figure>
          <figcaption class="plot-title">Throughput, rows a second</figcaption>
          <Plot
            class="live"
            label={`Throughput of the last ${minutes} minutes: ${formatCount(latest?.rowsPerSecond ?? 0)} rows a second now, ${formatCount(highest)} at most.`}
            configure={(colours) =>
              livePlot(history, colours, {
                value: ({ rowsPerSecond }) => rowsPerSecond,
                tick: formatCount,
                colour: 'accent',
              })
            }
          />
        </figure>
        <figure>
          <figcaption class="plot-title">Lag, age of the oldest waiting file</figcaption>
          <Plot
            class="live"
            label={`Lag of the last ${minutes} minutes: ${formatSeconds(latest?.lagSeconds ?? 0)} now, with ${formatCounted(latest?.waitingFiles ?? 0, 'file')} waiting; ${formatSeconds(longest)} at most.`}
            configure={(colours) =>
              livePlot(history, colours, { value: ({ lagSeconds }) => lagSeconds, tick: formatSeconds, colour: 'warn' })
            }
          />
        </figure>
      </div>
      {showsTable ? <HistoryTable history={history} /> : null}
    </section>
  );
}

function HistoryTable({ history }: { readonly history: readonly StatsSample[] }) {
  return (
    <TableFrame label="Figures of the last minutes">
      <table class="table">
        <caption class="visually-hidden">Throughput and lag, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col" class="number">
              Rows a second
            </th>
            <th scope="col" class="number">
              Waiting files
            </th>
            <th scope="col" class="number">
              Oldest of them
            </th>
          </tr>
        </thead>
        <tbody>
          {thinned(history, TABLE_EVERY_MS).map((sample) => (
            <tr key={sample.at}>
              <td>{clock.format(sample.at)}</td>
              <td class="number">{formatCount(sample.rowsPerSecond)}</td>
              <td class="number">{formatCount(sample.waitingFiles)}</td>
              <td class="number">{formatSeconds(sample.lagSeconds)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}
