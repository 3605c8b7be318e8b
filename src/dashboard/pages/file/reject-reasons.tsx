import type { FileReply } from '../../api/reply-types.ts';
import { Plot, type PlotConfiguration } from '../../components/plot.tsx';
import type { PlotColours } from '../../components/plot-colours.ts';
import { TableFrame } from '../../components/table-frame.tsx';
import { formatCount, formatPercent } from '../../format/numbers.ts';
import { reasonWords } from '../../rejects/reason-words.ts';

export interface RejectReasonsProps {
  readonly file: FileReply;
  /** shows the rows of one reason */
  onChoose(reason: string): void;
}

/** Why rows were rejected: bars, and the same as a table, from which the rows of a reason can be asked for. */
export function RejectReasons({ file, onChoose }: RejectReasonsProps) {
  const reasons = Object.entries(file.rejectsByReason).sort(([, a], [, b]) => b - a);
  const [first] = reasons;
  if (first === undefined) return null;
  const label = `Rejected rows by reason, as bars: most are ${reasonWords(first[0])}, ${formatCount(first[1])} of ${formatCount(file.rowsRejected)}. The table beside has all of them.`;
  return (
    <section class="card" aria-labelledby="reasons-title">
      <h2 id="reasons-title">Why rows were rejected</h2>
      <div class="reasons">
        <Plot
          label={label}
          configure={(colours) => barsOf(reasons, colours)}
          class={`bars-${barSize(reasons.length)}`}
        />
        <TableFrame label="Figures of each reason">
          <table class="table">
            <caption class="visually-hidden">Rejected rows by reason</caption>
            <thead>
              <tr>
                <th scope="col">Reason</th>
                <th scope="col" class="number">
                  Rows
                </th>
                <th scope="col" class="number">
                  Share
                </th>
              </tr>
            </thead>
            <tbody>
              {reasons.map(([reason, rows]) => (
                <tr key={reason}>
                  <td>
                    <button type="button" class="text-button" onClick={() => onChoose(reason)}>
                      {reasonWords(reason)}
                      <span class="visually-hidden">: show these rows</span>
                    </button>
                  </td>
                  <td class="number">{formatCount(rows)}</td>
                  <td class="number">{formatPercent(rows / file.rowsRejected)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableFrame>
      </div>
    </section>
  );
}

/** The height of the plot is a class, since the page allows no inline style. */
function barSize(count: number): 'few' | 'some' | 'many' {
  return count <= 3 ? 'few' : count <= 7 ? 'some' : 'many';
}

function barsOf(reasons: readonly (readonly [string, number])[], colours: PlotColours): PlotConfiguration {
  return {
    type: 'bar',
    data: {
      labels: reasons.map(([reason]) => reasonWords(reason)),
      datasets: [
        { label: 'rows', data: reasons.map(([, rows]) => rows), backgroundColor: colours.bad, maxBarThickness: 22 },
      ],
    },
    options: {
      indexAxis: 'y',
      plugins: { legend: { display: false } },
      scales: {
        x: {
          beginAtZero: true,
          title: { display: true, text: 'rows', color: colours.text },
          ticks: { precision: 0, color: colours.text, maxTicksLimit: 6 },
          grid: { color: colours.line },
        },
        y: { ticks: { color: colours.text, autoSkip: false }, grid: { display: false } },
      },
    },
  };
}
