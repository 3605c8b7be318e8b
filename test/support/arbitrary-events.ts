import fc from 'fast-check';
import { EVENT_COLUMNS, EVENT_TYPES } from '../../src/ingest/event-columns.ts';
import { prices, texts, timestamps } from './arbitrary-values.ts';
import type { CsvStyle } from './csv-line.ts';
import type { EventValues } from './encoded-events.ts';

/**
 * Rows of which about a third are clean. Each text is ordinary ASCII, near its limit, beyond ASCII or full of quotes,
 * delimiters and line ends, so that each way through the encoder is taken often.
 */
export function eventRows(): fc.Arbitrary<EventValues> {
  return fc.record({
    user_id: mostly(usualTexts(50), texts()),
    event_type: mostly(fc.constantFrom(...EVENT_TYPES), eventTypeLike()),
    event_timestamp: mostly(cleanTimestamps(), timestamps()),
    product_id: mostly(usualTexts(50), texts()),
    product_name: mostly(usualTexts(255), texts()),
    product_price: mostly(cleanPrices(), prices()),
    session_id: mostly(usualTexts(100), texts()),
  });
}

/** Every dialect, and any choice of fields that are quoted without need. */
export function csvStyles(): fc.Arbitrary<CsvStyle> {
  return fc
    .record({
      delimiter: fc.constantFrom(',', ';', '\t', '|'),
      lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
      quotedFields: fc.oneof(fc.constantFrom(0, -1), fc.integer({ min: 0, max: 511 })),
    })
    .map(({ delimiter, lineEnd, quotedFields }) => ({
      delimiter,
      lineEnd,
      isQuoted: (field) => ((quotedFields >> field) & 1) === 1,
    }));
}

/** The columns of an event in any order, with up to two others anywhere among them. */
export function columnOrders(): fc.Arbitrary<string[]> {
  const all = [...EVENT_COLUMNS, 'note', 'remark'];
  return fc
    .tuple(fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }), fc.nat({ max: 2 }))
    .map(([columns, extras]) =>
      columns.filter((column) => (column === 'remark' ? extras > 1 : column !== 'note' || extras > 0)),
    );
}

function mostly<T>(usual: fc.Arbitrary<T>, other: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 5, arbitrary: usual }, { weight: 1, arbitrary: other });
}

/** Often just within the limit, sometimes one beyond it. */
function usualTexts(limit: number): fc.Arbitrary<string> {
  const ordinary = fc.tuple(wordOf('user-', 'P', 'Lamp ', '0', 's_'), fc.nat({ max: 999_999 })).map(joined);
  const nearLimit = fc
    .tuple(
      wordOf('a', 'Z', '7', 'é', 'ж', '€', '🚀', 'ß', '"', ','),
      wordOf('x', 'é', '🚀', ' ', '"', '\u00a0'),
      fc.constantFrom(-2, -1, 0, 0, 0, 1),
    )
    .map(([one, last, distance]) => one.repeat(limit - 1 + distance) + last);
  const short = fc.array(
    wordOf(
      'a',
      'b',
      ' ',
      '-',
      'é',
      'ß',
      'ŉ',
      'ς',
      '東',
      '🚀',
      '"',
      '""',
      ',',
      ';',
      '\t',
      '|',
      '\n',
      '\r\n',
      '\r',
      '\u00a0',
    ),
    { minLength: 1, maxLength: 8 },
  );
  return fc.oneof(
    { weight: 4, arbitrary: ordinary },
    { weight: 3, arbitrary: nearLimit },
    { weight: 3, arbitrary: short.map(joined) },
  );
}

function eventTypeLike(): fc.Arbitrary<string> {
  return fc.constantFrom(
    '',
    ' ',
    'View',
    'view ',
    'vie',
    'viev',
    'wiew',
    'remove_from_carT',
    'views',
    'vi"ew',
    'add-to-cart',
    'purchase\n',
    'vıew',
    'purchasé',
    'null',
  );
}

function cleanTimestamps(): fc.Arbitrary<string> {
  const instant = fc
    .integer({ min: Date.parse('0001-01-01T16:00:00Z'), max: Date.parse('9999-12-31T08:00:00Z') })
    .map((ms) => new Date(ms).toISOString());
  return fc
    .tuple(instant, fc.constantFrom(10, 16, 19, 23), wordOf('', 'Z', '+05:30', '-08'))
    .map(([iso, length, zone]) => iso.slice(0, length) + zone);
}

function cleanPrices(): fc.Arbitrary<string> {
  const cents = fc.oneof(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 9_999_999_999 }));
  return fc.tuple(cents, wordOf('', '0', '4', '49', '5')).map(([value, more]) => (value / 100).toFixed(2) + more);
}

function wordOf(...words: readonly string[]): fc.Arbitrary<string> {
  return fc.constantFrom(...words);
}

function joined(parts: readonly (string | number)[]): string {
  return parts.join('');
}
