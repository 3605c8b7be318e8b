import { EVENT_COLUMNS, type EventColumn } from '../ingest/event-columns.ts';
import type { RejectReason } from '../ingest/reject-reason.ts';
import { type Dialect, rawByte } from './dialect.ts';
import { EVENT_TYPE_FAULTS, PRICE_FAULTS, QUOTED_PRICE_FAULTS, TIMESTAMP_FAULTS } from './value-faults.ts';

/**
 * What a spoilt row looks like to a reader that has lost its way:
 * `whole` one physical line with the right number of fields and no quotes; `other` any other row that ends where it seems
 * to; `broken` a line that is no record; `open` the same, and its quote runs on into the rows below.
 */
export type FaultShape = 'whole' | 'other' | 'broken' | 'open';

/** One way in which a row can be wrong, and the one reason with which it has to be rejected. */
export interface RowFault {
  /** Says what is wrong, for people who read the manifest. Unique. */
  readonly name: string;
  readonly reason: RejectReason;
  /** The column at fault where the fault is in a value; null where the record itself is broken. */
  readonly column: EventColumn | null;
  readonly shape: FaultShape;
  /** The encoded fields in file order, spoilt; `at` tells the place of a column among them. */
  spoil(fields: readonly string[], at: (column: EventColumn) => number): readonly string[];
}

/** Every fault that can be written in this dialect; rows over `maxRecordBytes` only where that is given. */
export function faultsFor(dialect: Dialect, maxRecordBytes: number | undefined): RowFault[] {
  const utf8 = dialect.encoding === 'utf8' || dialect.encoding === 'utf8-bom';
  return [
    ...VALUE_FAULTS,
    ...COLUMN_COUNT_FAULTS,
    ...QUOTE_FAULTS,
    ...NUL_FAULTS,
    ...(utf8 ? INVALID_UTF8_FAULTS : []),
    ...(maxRecordBytes === undefined ? [] : recordTooLongFaults(maxRecordBytes)),
  ];
}

type Rewrite = (text: string) => string;

function inColumn(column: EventColumn, rewrite: Rewrite): RowFault['spoil'] {
  return (fields, at) => fields.with(at(column), rewrite(fields[at(column)] ?? ''));
}

function valueFault(reason: RejectReason, column: EventColumn, what: string, rewrite: Rewrite): RowFault {
  const shape = rewrite('').includes('"') ? 'other' : 'whole';
  return { name: `${column}: ${what}`, reason, column, shape, spoil: inColumn(column, rewrite) };
}

function brokenRecord(
  reason: RejectReason,
  name: string,
  shape: FaultShape,
  spoil: RowFault['spoil'] | [EventColumn, Rewrite],
): RowFault {
  return { name, reason, column: null, shape, spoil: typeof spoil === 'function' ? spoil : inColumn(...spoil) };
}

const VALUE_FAULTS: readonly RowFault[] = [
  ...EVENT_COLUMNS.flatMap((column) => [
    valueFault('missing_value', column, 'empty', () => ''),
    valueFault('missing_value', column, 'quoted empty', () => '""'),
    valueFault('missing_value', column, 'blank', () => '   '),
    valueFault('missing_value', column, 'quoted blank', () => '" \t "'),
  ]),
  valueFault('value_too_long', 'user_id', '51 characters', (text) => text.padEnd(51, 'X')),
  valueFault('value_too_long', 'user_id', '200 characters', (text) => text.padEnd(200, 'X')),
  valueFault('value_too_long', 'product_id', '51 characters', (text) => text.padEnd(51, '0')),
  valueFault('value_too_long', 'product_name', '256 characters', () =>
    'Long Name '.repeat(26).slice(0, 255).concat('!'),
  ),
  valueFault('value_too_long', 'product_name', '256 emoji', () => '🎁'.repeat(256)),
  valueFault('value_too_long', 'product_name', '1,000 characters', () => 'é'.repeat(1000)),
  valueFault('value_too_long', 'session_id', '101 characters', (text) => text.padEnd(101, 'f')),
  ...EVENT_TYPE_FAULTS.map((text) => valueFault('invalid_event_type', 'event_type', `'${text}'`, () => text)),
  ...TIMESTAMP_FAULTS.map((text) => valueFault('invalid_timestamp', 'event_timestamp', `'${text}'`, () => text)),
  ...PRICE_FAULTS.map(([reason, text]) => valueFault(reason, 'product_price', `'${text}'`, () => text)),
  ...QUOTED_PRICE_FAULTS.map((text) => valueFault('invalid_price', 'product_price', `'${text}'`, () => `"${text}"`)),
];

const COLUMN_COUNT_FAULTS: readonly RowFault[] = [
  brokenRecord('column_count_mismatch', 'last field gone', 'other', (fields) => fields.slice(0, -1)),
  brokenRecord('column_count_mismatch', 'third field gone', 'other', (fields) => fields.toSpliced(2, 1)),
  brokenRecord('column_count_mismatch', 'cut after three fields', 'other', (fields) => fields.slice(0, 3)),
  brokenRecord('column_count_mismatch', 'one field only', 'other', (fields) => fields.slice(0, 1)),
  brokenRecord('column_count_mismatch', 'a field too many', 'other', (fields) => fields.toSpliced(4, 0, 'extra')),
  brokenRecord('column_count_mismatch', 'a delimiter at the end', 'other', (fields) => [...fields, '']),
  brokenRecord('column_count_mismatch', 'two rows in one line', 'other', (fields) => [...fields, ...fields]),
];

const QUOTE_FAULTS: readonly RowFault[] = [
  brokenRecord('malformed_quotes', 'quotes inside a bare field', 'broken', ['product_name', () => 'Mug "Best Dad"']),
  brokenRecord('malformed_quotes', 'inch mark in a bare field', 'broken', ['product_name', () => 'Monitor 27"']),
  brokenRecord('malformed_quotes', 'text after the closing quote', 'broken', ['product_name', () => '"Mug" blue']),
  brokenRecord('malformed_quotes', 'quote at the end of user_id', 'broken', ['user_id', (text) => `${text}"`]),
  brokenRecord('malformed_quotes', 'unclosed quote in user_id', 'open', ['user_id', (text) => `"${text}`]),
  brokenRecord('malformed_quotes', 'unclosed quote in product_name', 'open', ['product_name', (text) => `"${text}`]),
  brokenRecord('malformed_quotes', 'unclosed quote in session_id', 'open', ['session_id', (text) => `"${text}`]),
];

const NUL_FAULTS: readonly RowFault[] = [
  brokenRecord('invalid_encoding', 'NUL in product_name', 'other', ['product_name', () => 'Mug\0blue']),
  brokenRecord('invalid_encoding', 'NUL at the end of user_id', 'other', ['user_id', (text) => `${text}\0`]),
];

const bytes = (...values: number[]): string => values.map(rawByte).join('');

// The cases are those of RFC 3629, sections 3 and 4. The last one ends the row where
// session_id is the last column: a decoder that takes the line end for the missing byte would join two rows.
const INVALID_UTF8_FAULTS: readonly RowFault[] = [
  brokenRecord('invalid_encoding', 'byte FF', 'other', ['product_name', () => `Mug ${bytes(0xff)}`]),
  brokenRecord('invalid_encoding', 'Latin-1 é', 'other', ['product_name', () => `Caf${bytes(0xe9)} Mug`]),
  brokenRecord('invalid_encoding', 'lone continuation byte', 'other', ['user_id', (text) => `${text}${bytes(0x80)}`]),
  brokenRecord('invalid_encoding', 'overlong slash', 'other', ['product_name', () => `Mug ${bytes(0xc0, 0xaf)}`]),
  brokenRecord('invalid_encoding', 'surrogate', 'other', ['product_name', () => `Mug ${bytes(0xed, 0xa0, 0x80)}`]),
  brokenRecord('invalid_encoding', 'above U+10FFFF', 'other', ['product_name', () => bytes(0xf4, 0x90, 0x80, 0x80)]),
  brokenRecord('invalid_encoding', 'cut emoji', 'other', ['product_name', () => `Mug ${bytes(0xf0, 0x9f, 0x98)}`]),
  brokenRecord('invalid_encoding', 'cut at the end', 'other', ['session_id', (text) => `${text}${bytes(0xc3)}`]),
];

function recordTooLongFaults(maxRecordBytes: number): RowFault[] {
  return [
    brokenRecord('record_too_long', 'record too long', 'broken', ['product_name', () => 'x'.repeat(maxRecordBytes)]),
    brokenRecord('record_too_long', 'quoted record too long', 'broken', [
      'product_name',
      () => `"${'x'.repeat(maxRecordBytes)}"`,
    ]),
  ];
}
