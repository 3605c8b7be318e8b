import { EVENT_TYPES, type EventType } from '../event-columns.ts';
import type { Rejection } from './clean-event.ts';
import { isMissing, missingValue } from './missing-value.ts';
import { quoted } from './quoted-value.ts';

/** One of the known event types, letter for letter: a guess at "View " would count events that nobody sent. */
export function cleanEventType(value: string): EventType | Rejection {
  for (const eventType of EVENT_TYPES) {
    if (value === eventType) return eventType;
  }
  if (isMissing(value)) return missingValue('event_type');
  return {
    reason: 'invalid_event_type',
    column: 'event_type',
    message: `event_type must be exactly one of ${EVENT_TYPES.join(', ')} (case and spaces count), not ${quoted(value)}`,
  };
}
