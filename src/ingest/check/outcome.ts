import type { Findings } from './findings.ts';
import { isAboveRejectLimit } from './reject-limit.ts';

export const CHECK_OUTCOMES = ['loaded', 'held', 'failed', 'duplicate'] as const;

/** What loading would make of a file now. */
export type CheckOutcome = (typeof CHECK_OUTCOMES)[number];

/** `duplicateOf`: the file that is loaded and holds the same bytes, if any. */
export function checkOutcome(findings: Findings, maxRejectPercent: number, duplicateOf: number | null): CheckOutcome {
  if (findings.error !== null) return 'failed';
  if (duplicateOf !== null) return 'duplicate';
  const share = { read: findings.rowsRead, rejected: findings.rowsRejected };
  return isAboveRejectLimit(share, maxRejectPercent) ? 'held' : 'loaded';
}
