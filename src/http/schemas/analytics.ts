import { Type } from '@sinclair/typebox';
import type { PurchaseDay } from '../../analytics/purchases.ts';
import type { UserActivity } from '../../analytics/users.ts';
import { Count, DATE, Instant, Money } from './shared.ts';

export const Day = Type.String({ format: 'date', pattern: DATE.source, description: 'YYYY-MM-DD' });

export const PurchasesSchema = Type.Object(
  { purchaseDate: Day, totalPurchases: Count, totalRevenue: Money, avgOrderValue: Money, uniqueCustomers: Count },
  { $id: 'Purchases', description: 'Purchases of one day (UTC).' },
);

export const UserSchema = Type.Object(
  {
    userId: Type.String(),
    totalEvents: Count,
    views: Count,
    purchases: Count,
    cartAdds: Count,
    totalSpent: Money,
    lastActivity: Instant,
  },
  { $id: 'User', description: 'What one user did.' },
);

export function toPurchasesReply(day: PurchaseDay) {
  const { purchaseDate, totalPurchases, totalRevenue, avgOrderValue, uniqueCustomers } = day;
  return { purchaseDate, totalPurchases, totalRevenue, avgOrderValue, uniqueCustomers };
}

export function toUserReply(user: UserActivity) {
  const { userId, totalEvents, views, purchases, cartAdds, totalSpent, lastActivity } = user;
  return { userId, totalEvents, views, purchases, cartAdds, totalSpent, lastActivity: lastActivity.toISOString() };
}
