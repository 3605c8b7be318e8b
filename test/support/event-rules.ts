import { EVENT_COLUMNS, EVENT_TYPES, type EventColumn } from '../../src/ingest/event-columns.ts';
import type { RejectReason } from '../../src/ingest/reject-reason.ts';
import { WHITE_SPACE } from './arbitrary-values.ts';
import type { EncodedEvent, EventValues } from './encoded-events.ts';

/** What a row has to become, less its place in the file. */
export type ExpectedOutcome =
  | Omit<EncodedEvent, 'fileId' | 'line'>
  | { readonly reason: RejectReason; readonly column: EventColumn };

type Verdict = { readonly value: string | bigint } | { readonly reason: RejectReason };

const TIMESTAMP =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d+))?)?)?(?:Z|([+-])(0\d|1[0-5])(?::([0-5]\d))?)?$/;
const PRICE = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/;
const SPACES_AROUND = new RegExp(`^[${WHITE_SPACE}]+|[${WHITE_SPACE}]+$`, 'gu');

/** More than this is judged by its sign alone; no generated number has so many digits that it matters. */
const LARGEST_EXPONENT = 5000;
const MAX_CENTS = 9_999_999_999n;
const FIRST_MICROS = BigInt(Date.parse('0001-01-01T00:00:00Z')) * 1000n;
const MICROS_BEHIND_LAST = BigInt(Date.parse('9999-12-31T23:59:59.999Z') + 1) * 1000n;

/**
 * The rules of the columns written down a second time, on whole strings with regular expressions and big integers, with no
 * thought given to speed. Timestamps without a zone are in UTC.
 */
export function expectedOutcome(row: EventValues): ExpectedOutcome {
  const verdicts: Record<EventColumn, Verdict> = {
    user_id: identifier(row.user_id),
    event_type: eventType(row.event_type),
    event_timestamp: timestamp(row.event_timestamp),
    product_id: identifier(row.product_id),
    product_name: verbatim(row.product_name, 255),
    product_price: price(row.product_price),
    session_id: verbatim(row.session_id, 100),
  };
  for (const column of EVENT_COLUMNS) {
    const verdict: Verdict = trimmed(row[column]) === '' ? { reason: 'missing_value' } : verdicts[column];
    if ('reason' in verdict) return { reason: verdict.reason, column };
  }
  return {
    userId: text(verdicts.user_id),
    eventType: text(verdicts.event_type),
    micros: whole(verdicts.event_timestamp),
    productId: text(verdicts.product_id),
    productName: text(verdicts.product_name),
    cents: whole(verdicts.product_price),
    sessionId: text(verdicts.session_id),
  };
}

function trimmed(value: string): string {
  return value.replace(SPACES_AROUND, '');
}

function identifier(value: string): Verdict {
  return verbatim(trimmed(value).toUpperCase(), 50);
}

function verbatim(value: string, limit: number): Verdict {
  return [...value].length <= limit ? { value } : { reason: 'value_too_long' };
}

function eventType(value: string): Verdict {
  return EVENT_TYPES.some((known) => known === value) ? { value } : { reason: 'invalid_event_type' };
}

function timestamp(value: string): Verdict {
  const match = TIMESTAMP.exec(value);
  if (match === null) return { reason: 'invalid_timestamp' };
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', sign, hours = '0', minutes = '0'] =
    match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const isInCalendar = date.getUTCMonth() + 1 === Number(month) && date.getUTCDate() === Number(day);
  const seconds = (Number(hour) * 60 + Number(minute)) * 60 + Number(second);
  const offset = (Number(hours) * 60 + Number(minutes)) * 60 * (sign === '-' ? -1 : 1);
  const micros =
    BigInt(date.getTime()) * 1000n +
    BigInt(seconds - offset) * 1_000_000n +
    BigInt(fraction.slice(0, 6).padEnd(6, '0'));
  const isInRange = micros >= FIRST_MICROS && micros < MICROS_BEHIND_LAST;
  return year !== '0000' && isInCalendar && isInRange ? { value: micros } : { reason: 'invalid_timestamp' };
}

function price(value: string): Verdict {
  const match = PRICE.exec(value);
  if (match === null) return { reason: 'invalid_price' };
  const [, sign, integer = '', decimals = '', exponent = '0'] = match;
  const digits = BigInt(integer + decimals);
  if (sign === '-' || digits === 0n) return { reason: 'non_positive_price' };
  const size = Math.max(-LARGEST_EXPONENT, Math.min(LARGEST_EXPONENT, Number(exponent)));
  const shift = size + 2 - decimals.length;
  const power = 10n ** BigInt(Math.abs(shift));
  const cents = shift >= 0 ? digits * power : (2n * digits + power) / (2n * power);
  if (cents === 0n) return { reason: 'non_positive_price' };
  return cents <= MAX_CENTS ? { value: cents } : { reason: 'price_out_of_range' };
}

function text(verdict: Verdict): string {
  if ('value' in verdict && typeof verdict.value === 'string') return verdict.value;
  throw new TypeError('not a text');
}

function whole(verdict: Verdict): bigint {
  if ('value' in verdict && typeof verdict.value === 'bigint') return verdict.value;
  throw new TypeError('not a number');
}
