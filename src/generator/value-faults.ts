import type { RejectReason } from '../ingest/reject-reason.ts';

/** Not one of the four event types: case, spaces and spelling count. */
export const EVENT_TYPE_FAULTS: readonly string[] = [
  'VIEW',
  'Purchase',
  ' view',
  'purchase ',
  'add-to-cart',
  'add to cart',
  'addtocart',
  'click',
  'refund',
  'views',
  '1',
  'null',
];

/** Not a time that the data rules allow; some of them PostgreSQL itself would take (`now`, `epoch`, `infinity`, 24:00). */
export const TIMESTAMP_FAULTS: readonly string[] = [
  '2024-02-30T10:00:00Z',
  '2023-02-29T10:00:00Z',
  '2024-04-31 10:00:00',
  '2024-13-01T10:00:00Z',
  '2024-00-10T10:00:00Z',
  '2024-01-00T10:00:00Z',
  '2024-01-15T24:00:00Z',
  '2024-01-15T10:60:00Z',
  '2024-01-15T10:23:60Z',
  '2024-01-15T10:23:45+99:00',
  '0000-01-01T00:00:00Z',
  '10000-01-01T00:00:00Z',
  '-0044-03-15T12:00:00Z',
  '15/01/2024 10:23',
  '01-15-2024',
  '2024-1-5',
  '20240115',
  '1705314225',
  '2024-01-15T10',
  'now',
  'today',
  'epoch',
  'infinity',
  'yesterday noon',
  'Mon Jan 15 10:23:45 2024',
  'n/a',
];

type PriceReason = Extract<RejectReason, 'invalid_price' | 'non_positive_price' | 'price_out_of_range'>;

/** Prices that need no quotes in any dialect. */
export const PRICE_FAULTS: readonly (readonly [reason: PriceReason, text: string])[] = [
  ['invalid_price', 'NaN'],
  ['invalid_price', 'Infinity'],
  ['invalid_price', 'abc'],
  ['invalid_price', '0x1F'],
  ['invalid_price', '1_000'],
  ['invalid_price', '1 000'],
  ['invalid_price', '12.3.4'],
  ['invalid_price', '$9.99'],
  ['invalid_price', '9.99 EUR'],
  ['invalid_price', '--5'],
  ['invalid_price', '1e'],
  ['invalid_price', '.'],
  ['invalid_price', '-'],
  ['non_positive_price', '0'],
  ['non_positive_price', '0.00'],
  ['non_positive_price', '-3'],
  ['non_positive_price', '-19.99'],
  ['non_positive_price', '0.004'],
  ['non_positive_price', '-0'],
  ['non_positive_price', '1e-9'],
  ['non_positive_price', '0e5'],
  ['price_out_of_range', '1e9'],
  ['price_out_of_range', '100000000'],
  ['price_out_of_range', '99999999.995'],
  ['price_out_of_range', '123456789012.34'],
  ['price_out_of_range', '1e400'],
];

/** The decimal comma: quoted always, so that it is one field even where the delimiter is a comma. */
export const QUOTED_PRICE_FAULTS: readonly string[] = ['1,5', '1.234,50'];
