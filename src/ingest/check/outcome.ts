import type { Findings } from './findings.ts';
import { isAboveRejectLimit } from './reject-limit.ts';

export const CHECK_OUTCOMES = ['loaded', 'held', 'failed', 'duplicate'] as const;

/** What loading would make of a file now. */
export type CheckOutcome = (typeof CHECK_OUTCOMES)[number];

/** `isKnown`: a file with the same bytes is loaded, or would be before this one. */
export function checkOutcome(findings: Findings, maxRejectPercent: number, isKnown: boolean): CheckOutcome {
  if (findings.error !== null) return 'failed';
  if (isKnown) return 'duplicate';
  const share = { read: findings.rowsRead, rejected: findings.rowsRejected };
  return isAboveRejectLimit(share, maxRejectPercent) ? 'held' : 'loaded';
}
