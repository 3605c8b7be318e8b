import type { RowCounts } from '../load/record-encoder.ts';

export type RejectShare = Readonly<Pick<RowCounts, 'read' | 'rejected'>>;

/** Whether more of the rows are rejected than the limit allows, in percent; null: there is none. */
export function isAboveRejectLimit({ read, rejected }: RejectShare, maxRejectPercent: number | null): boolean {
  // Multiplied, not divided: a share of exactly the limit is not above it, and no rows are no share.
  return maxRejectPercent !== null && rejected * 100 > maxRejectPercent * read;
}

/** The fault of a file that is held; what to do about it depends on who reads it. */
export function tooManyRejects({ read, rejected }: RejectShare, maxRejectPercent: number): string {
  const share = ((rejected / read) * 100).toFixed(1);
  return `${rejected} of ${read} rows (${share} %) are rejected, the limit is ${maxRejectPercent} %`;
}
