import { useId, useState } from 'preact/hooks';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { formatCount, formatMoney } from '../../format/numbers.ts';
import { useCalmReload } from '../../state/use-calm-reload.ts';
import { useResource } from '../../state/use-resource.ts';
import { moneySum } from './money-sum.ts';
import { type PurchaseDays, readPurchaseDays } from './purchase-days.ts';
import { PurchasePlots } from './purchase-plots.tsx';
import { PurchaseTable } from './purchase-table.tsx';
import { periodInWords, RANGES, type Range } from './range.ts';

/** Purchases per day: revenue, orders and customers, as plots and as a table. */
export function PurchasesSection() {
  const [range, setRange] = useState<Range>('30');
  const purchases = useResource((signal) => readPurchaseDays(range, signal), [range]);
  useCalmReload(purchases);
  const titleId = useId();
  const { value, error, isLoading, reload } = purchases;
  return (
    <section class="card stack" aria-labelledby={titleId} aria-busy={isLoading}>
      <div class="card-head">
        <h2 id={titleId}>Purchases per day</h2>
        <RangeChoice range={range} onRange={setRange} />
      </div>
      {error === undefined ? null : <ErrorState error={error} onRetry={reload} />}
      {value === undefined ? error === undefined && <Skeleton lines={10} label="Reading purchases" /> : null}
      {value === undefined ? null : <Purchases purchases={value} range={range} />}
    </section>
  );
}

function Purchases(props: { readonly purchases: PurchaseDays; readonly range: Range }) {
  const { days, isCut, hasFuture } = props.purchases;
  if (days.length === 0) {
    return (
      <EmptyState icon="waves" title="No purchase is loaded yet">
        They appear here as soon as a file with events of the type <code>purchase</code> is loaded. Drop one anywhere on
        this page, or put it into the watched folder.
      </EmptyState>
    );
  }
  return (
    <>
      <p class="muted small">
        {periodInWords(days, props.range)}
        {hasFuture ? ' Days in the future have some too, maybe by a mistyped year: All shows them.' : ''}
        {isCut ? ' Older days than these are not shown.' : ''}
      </p>
      <dl class="totals">
        <div>
          <dt>Revenue</dt>
          <dd>{formatMoney(moneySum(days.map(({ totalRevenue }) => totalRevenue)))}</dd>
        </div>
        <div>
          <dt>Orders</dt>
          <dd>{formatCount(days.reduce((sum, { totalPurchases }) => sum + totalPurchases, 0))}</dd>
        </div>
        <div>
          <dt>Most customers in a day</dt>
          <dd>{formatCount(days.reduce((most, { uniqueCustomers }) => Math.max(most, uniqueCustomers), 0))}</dd>
        </div>
      </dl>
      <PurchasePlots days={days} />
      <PurchaseTable days={days} />
    </>
  );
}

const RANGE_WORDS = { '30': '30 days', '90': '90 days', '365': '365 days', all: 'All' } as const satisfies Record<
  Range,
  string
>;

function RangeChoice({ range, onRange }: { readonly range: Range; onRange(range: Range): void }) {
  return (
    <fieldset class="choice">
      <legend class="visually-hidden">Period</legend>
      {RANGES.map((name) => (
        <label key={name}>
          <input type="radio" name="range" value={name} checked={name === range} onChange={() => onRange(name)} />
          <span>{RANGE_WORDS[name]}</span>
        </label>
      ))}
    </fieldset>
  );
}
