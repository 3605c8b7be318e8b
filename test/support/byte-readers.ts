import { eventTypeRejection, readEventType } from '../../src/ingest/transform/event-type.ts';
import type { LocalTime } from '../../src/ingest/transform/local-time.ts';
import { priceRejection, readCents } from '../../src/ingest/transform/price.ts';
import type { Rejection } from '../../src/ingest/transform/rejection.ts';
import { readTimestamp, timestampRejection } from '../../src/ingest/transform/timestamp.ts';
import { readBeside, readBetween } from './between-bytes.ts';

/** The event type that the value spells, or what is said of it. */
export function eventTypeOf(value: string): string | Rejection {
  const known = readBetween(value, readEventType);
  return known === undefined ? eventTypeRejection(value) : known.name;
}

/** The price in cents, or what is said of the value. */
export function centsOf(value: string): number | Rejection {
  const cents = readBetween(value, readCents);
  return typeof cents === 'string' ? priceRejection(value, cents) : cents;
}

/** The instant in microseconds since 1970, or what is said of the value. */
export function microsOf(value: string, instantOfLocalTime: LocalTime): bigint | Rejection {
  const micros = readBetween(value, (bytes, start, end) => readMicros(bytes, start, end, instantOfLocalTime));
  return typeof micros === 'string' ? timestampRejection(value, micros) : micros;
}

/** The same beside one neighbour only and without words, for very many values. */
export function quickMicrosOf(value: string, instantOfLocalTime: LocalTime): bigint | string {
  return readBeside(value, '9', (bytes, start, end) => readMicros(bytes, start, end, instantOfLocalTime));
}

function readMicros(bytes: Buffer, start: number, end: number, instantOfLocalTime: LocalTime) {
  // What an earlier row has left there must not show.
  const instant = { ms: Number.NaN, micros: Number.NaN };
  const fault = readTimestamp(bytes, start, end, instantOfLocalTime, instant);
  return fault ?? BigInt(instant.ms) * 1000n + BigInt(instant.micros);
}
