/** What scenario j asks, in this order, again and again; `user` is the id of one who has events. */
export const QUESTIONS = [
  { name: 'purchase_analytics LIMIT 30', sql: () => 'SELECT * FROM purchase_analytics LIMIT 30' },
  { name: 'user_activity_summary LIMIT 10', sql: () => 'SELECT * FROM user_activity_summary LIMIT 10' },
  {
    name: 'one of user_activity_summary',
    sql: (user) => `SELECT * FROM user_activity_summary WHERE user_id = '${user}'`,
  },
  { name: '/analytics/purchases?limit=30', path: () => '/analytics/purchases?limit=30' },
  { name: '/analytics/users?limit=10', path: () => '/analytics/users?limit=10' },
  { name: '/analytics/users/{id}', path: (user) => `/analytics/users/${user}` },
];
