import type { EventColumn } from '../event-columns.ts';
import type { RejectReason } from '../reject-reason.ts';

/** The first rule that a row breaks; `message` is for the person who has to mend the file. */
export interface Rejection {
  readonly reason: RejectReason;
  readonly column: EventColumn;
  readonly message: string;
}
