import { EVENT_TYPES, type EventType } from '../event-columns.ts';
import { isMissing, missingValue } from './missing-value.ts';
import { quoted } from './quoted-value.ts';
import type { Rejection } from './rejection.ts';

/** An event type and its bytes. */
export interface KnownEventType {
  readonly name: EventType;
  readonly bytes: Buffer;
}

/** By the length of its name, in which no two of them are alike: so there is one to compare with. */
const BY_LENGTH: KnownEventType[] = [];
for (const name of EVENT_TYPES) BY_LENGTH[name.length] = { name, bytes: Buffer.from(name) };

/** The event type that the bytes spell, letter for letter: a guess at "View " would count events that nobody sent. */
export function readEventType(bytes: Uint8Array, start: number, end: number): KnownEventType | undefined {
  const known = BY_LENGTH[end - start];
  return known !== undefined && isSame(known.bytes, bytes, start) ? known : undefined;
}

/** Says what is wrong with a value that is no event type. */
export function eventTypeRejection(value: string): Rejection {
  if (isMissing(value)) return missingValue('event_type');
  return {
    reason: 'invalid_event_type',
    column: 'event_type',
    message: `event_type must be exactly one of ${EVENT_TYPES.join(', ')} (case and spaces count), not ${quoted(value)}`,
  };
}

function isSame(expected: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let index = 0; index < expected.length; index += 1) {
    if (bytes[start + index] !== expected[index]) return false;
  }
  return true;
}
