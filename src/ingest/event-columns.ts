/** The columns of a user event, in the order in which the rules are checked and the table is written. */
export const EVENT_COLUMNS = [
  'user_id',
  'event_type',
  'event_timestamp',
  'product_id',
  'product_name',
  'product_price',
  'session_id',
] as const;

export type EventColumn = (typeof EVENT_COLUMNS)[number];

export const EVENT_TYPES = ['view', 'add_to_cart', 'purchase', 'remove_from_cart'] as const;

export type EventType = (typeof EVENT_TYPES)[number];
