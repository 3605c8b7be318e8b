import type { EventColumn, EventType } from '../event-columns.ts';
import type { RejectReason } from '../reject-reason.ts';

/** A user event that satisfies every rule of the data and can be stored exactly as it stands. */
export interface CleanEvent {
  /** Trimmed and upper-cased, 1 to 50 code points. */
  userId: string;
  eventType: EventType;
  /** The instant, as whole milliseconds since 1970-01-01T00:00:00Z (rounded down, so negative before 1970) ... */
  timestampMs: number;
  /** ... plus 0 to 999 microseconds: a double cannot hold the microseconds of the year 9999 in one number. */
  timestampMicros: number;
  /** Trimmed and upper-cased, 1 to 50 code points. */
  productId: string;
  /** As written, 1 to 255 code points. */
  productName: string;
  /** 1 to 9,999,999,999 cents. */
  priceCents: number;
  /** As written, 1 to 100 code points. */
  sessionId: string;
}

/** The first rule that a row breaks; `message` is for the person who has to mend the file. */
export interface Rejection {
  reason: RejectReason;
  column: EventColumn;
  message: string;
}

export type TransformResult = { ok: true; event: CleanEvent } | { ok: false; rejection: Rejection };
