import type { User } from '../../api/reply-types.ts';
import { TableFrame } from '../../components/table-frame.tsx';
import { formatExactUtc } from '../../format/moments.ts';
import { formatCount, formatMoney } from '../../format/numbers.ts';

export interface UserTableProps {
  readonly users: readonly User[];
  /** which users they are; two tables on a page are told apart by it */
  readonly title: string;
}

export function UserTable({ users, title }: UserTableProps) {
  return (
    <TableFrame label={`Figures: ${title}`}>
      <table class="table">
        <caption class="visually-hidden">{title}</caption>
        <thead>
          <tr>
            <th scope="col">User</th>
            <th scope="col" class="number">
              Events
            </th>
            <th scope="col" class="number">
              Views
            </th>
            <th scope="col" class="number">
              To cart
            </th>
            <th scope="col" class="number">
              Purchases
            </th>
            <th scope="col" class="number">
              Spent
            </th>
            <th scope="col">Last seen (UTC)</th>
          </tr>
        </thead>
        <tbody>
          {users.map((user) => (
            <tr key={user.userId}>
              <td class="user-id">{user.userId}</td>
              <td class="number">{formatCount(user.totalEvents)}</td>
              <td class="number">{formatCount(user.views)}</td>
              <td class="number">{formatCount(user.cartAdds)}</td>
              <td class="number">{formatCount(user.purchases)}</td>
              <td class="number">{formatMoney(user.totalSpent)}</td>
              <td class="nowrap">
                <time dateTime={user.lastActivity}>{formatExactUtc(user.lastActivity)}</time>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}
