/** Why a row was rejected: the closed set that the ledger, the API and the metrics share. */
export const REJECT_REASONS = [
  'missing_value',
  'value_too_long',
  'invalid_event_type',
  'invalid_timestamp',
  'invalid_price',
  'non_positive_price',
  'price_out_of_range',
  'column_count_mismatch',
  'malformed_quotes',
  'invalid_encoding',
  'record_too_long',
  'already_corrected',
] as const;

export type RejectReason = (typeof REJECT_REASONS)[number];

export function isRejectReason(text: string): text is RejectReason {
  return REJECT_REASONS.some((reason) => reason === text);
}
