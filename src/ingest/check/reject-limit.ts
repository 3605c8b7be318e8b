import type { RowCounts } from '../load/record-encoder.ts';

export type RejectShare = Readonly<Pick<RowCounts, 'read' | 'rejected'>>;

/** Whether more of the rows are rejected than the limit allows, in percent; null: there is none. */
export function isAboveRejectLimit({ read, rejected }: RejectShare, maxRejectPercent: number | null): boolean {
  // Multiplied, not divided: a share of exactly the limit is not above it, and no rows are no share. 0.57 * 10000 is a little less than
  // 5700 in binary, so much less is still exactly the limit.
  return maxRejectPercent !== null && rejected * 100 > maxRejectPercent * read * (1 + 4 * Number.EPSILON);
}

/** The fault of a file that is held; what to do about it depends on who reads it. */
export function tooManyRejects({ read, rejected }: RejectShare, maxRejectPercent: number): string {
  const percent = (rejected / read) * 100;
  // With so many decimals that it does not read as the limit itself.
  const shares = [1, 2, 3, 4, 5, 6].map((decimals) => percent.toFixed(decimals));
  const share = shares.find((text) => Number(text) > maxRejectPercent) ?? String(percent);
  return `${rejected} of ${read} rows (${share} %) are rejected, the limit is ${maxRejectPercent} %`;
}
