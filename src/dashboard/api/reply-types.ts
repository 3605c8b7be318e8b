import type { Static } from '@sinclair/typebox';
import type { PurchasesSchema, UserSchema } from '../../http/schemas/analytics.ts';
import type { ExplanationReply } from '../../http/schemas/explanation.ts';
import type { FileReply, RejectReply } from '../../http/schemas/file.ts';
import type { RejectClusterSchema } from '../../http/schemas/reject-cluster.ts';
import type { HealthSchema, StatsSchema } from '../../http/schemas/stats.ts';
import type { ValidationReply } from '../../http/schemas/validation.ts';

// Types only: what the server promises is checked here by the compiler, and none of its code gets into the page.
export type { ExplanationReply, FileReply, RejectReply, ValidationReply };
export type FileStatus = FileReply['status'];
export type Stats = Static<typeof StatsSchema>;
export type Health = Static<typeof HealthSchema>;
export type PurchaseDay = Static<typeof PurchasesSchema>;
export type RejectCluster = Static<typeof RejectClusterSchema>;
export type User = Static<typeof UserSchema>;

export interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor: string | null;
}

/** Which files of the ledger are listed; empty: all. */
export interface FileFilter {
  /** a part of their names */
  readonly search: string;
  readonly status: FileStatus | '';
}

export interface UploadReply {
  readonly files: readonly FileReply[];
}

/** How far a load that is running in the process which sends the events has come. */
export interface LoadProgress {
  readonly fileId: number;
  readonly bytesRead: number;
  readonly rowsRead: number;
}
