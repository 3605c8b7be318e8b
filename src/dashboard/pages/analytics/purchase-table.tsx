import { useState } from 'preact/hooks';
import type { PurchaseDay } from '../../api/reply-types.ts';
import { TableFrame } from '../../components/table-frame.tsx';
import { formatDay } from '../../format/moments.ts';
import { formatCount, formatMoney } from '../../format/numbers.ts';

const FIRST_DAYS = 14;

/** The figures behind the plots, newest first. */
export function PurchaseTable({ days }: { readonly days: readonly PurchaseDay[] }) {
  const [isWhole, setWhole] = useState(false);
  const newestFirst = days.toReversed();
  const shown = isWhole ? newestFirst : newestFirst.slice(0, FIRST_DAYS);
  return (
    <>
      <TableFrame label="Figures of each day">
        <table class="table">
          <caption class="visually-hidden">Purchases per day, newest first</caption>
          <thead>
            <tr>
              <th scope="col">Day (UTC)</th>
              <th scope="col" class="number">
                Revenue
              </th>
              <th scope="col" class="number">
                Orders
              </th>
              <th scope="col" class="number">
                Per order
              </th>
              <th scope="col" class="number">
                Customers
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((day) => (
              <tr key={day.purchaseDate}>
                <td class="nowrap">{formatDay(day.purchaseDate)}</td>
                <td class="number">{formatMoney(day.totalRevenue)}</td>
                <td class="number">{formatCount(day.totalPurchases)}</td>
                <td class="number">{formatMoney(day.avgOrderValue)}</td>
                <td class="number">{formatCount(day.uniqueCustomers)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
      {shown.length < days.length ? (
        <div>
          <button type="button" class="button" onClick={() => setWhole(true)}>
            Show all {formatCount(days.length)} days
          </button>
        </div>
      ) : null}
    </>
  );
}
