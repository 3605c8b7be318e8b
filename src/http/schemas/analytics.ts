import { Type } from '@sinclair/typebox';
import type { PurchaseDay } from '../../analytics/purchases.ts';
import type { UserActivity } from '../../analytics/users.ts';
import { ACTIVE_USER, PURCHASE_DAY } from './examples.ts';
import { counted, DATE, Instant, Money } from './shared.ts';

export const Day = Type.String({ format: 'date', pattern: DATE.source, description: 'YYYY-MM-DD' });

export const PurchasesSchema = Type.Object(
  {
    purchaseDate: Day,
    totalPurchases: counted('events of type `purchase`'),
    totalRevenue: Type.String({ ...Money, description: 'sum of their prices, a decimal with two places' }),
    avgOrderValue: Type.String({ ...Money, description: 'mean of their prices, rounded to two places' }),
    uniqueCustomers: counted('users who bought something that day'),
  },
  { $id: 'Purchases', description: 'Purchases of one day (UTC).', examples: [PURCHASE_DAY] },
);

export const UserSchema = Type.Object(
  {
    userId: Type.String({ description: 'trimmed, upper-case' }),
    totalEvents: counted('of all four types'),
    views: counted('events of type `view`'),
    purchases: counted('events of type `purchase`'),
    cartAdds: counted('events of type `add_to_cart`'),
    totalSpent: Type.String({ ...Money, description: 'sum of the prices of the purchases, a decimal with two places' }),
    lastActivity: Type.String({ ...Instant, description: 'time of the latest event; ISO 8601, UTC' }),
  },
  { $id: 'User', description: 'What one user did.', examples: [ACTIVE_USER] },
);

export function toPurchasesReply(day: PurchaseDay) {
  const { purchaseDate, totalPurchases, totalRevenue, avgOrderValue, uniqueCustomers } = day;
  return { purchaseDate, totalPurchases, totalRevenue, avgOrderValue, uniqueCustomers };
}

export function toUserReply(user: UserActivity) {
  const { userId, totalEvents, views, purchases, cartAdds, totalSpent, lastActivity } = user;
  return { userId, totalEvents, views, purchases, cartAdds, totalSpent, lastActivity: lastActivity.toISOString() };
}
