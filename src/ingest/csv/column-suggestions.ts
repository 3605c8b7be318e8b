import { distance } from 'fastest-levenshtein';
import { EVENT_COLUMNS, type EventColumn } from '../event-columns.ts';
import { columnKey } from './header-names.ts';

/** A name in the header that may stand for a column which is missing. */
export interface ColumnSuggestion {
  /** as written, but trimmed */
  readonly header: string;
  readonly column: EventColumn;
}

/** What other systems call these columns, without separators and in lower case. */
const OTHER_NAMES: Readonly<Record<EventColumn, readonly string[]>> = {
  user_id: ['user', 'uid', 'userkey', 'customer', 'customerid', 'clientid', 'visitorid', 'memberid', 'accountid'],
  event_type: ['event', 'eventname', 'type', 'action', 'activity', 'eventaction'],
  event_timestamp: ['timestamp', 'ts', 'time', 'date', 'datetime', 'eventtime', 'eventdate', 'createdat', 'occurredat'],
  product_id: ['product', 'productkey', 'sku', 'itemid', 'articleid', 'productsku'],
  product_name: ['name', 'title', 'producttitle', 'itemname', 'item', 'articlename'],
  product_price: ['price', 'amount', 'unitprice', 'itemprice', 'cost', 'value'],
  session_id: ['session', 'sid', 'sessionkey', 'visitid', 'visit'],
};

/** Comparing names takes time by the square of their length, and a header has as many as fit into a record. */
const MOST_NAMES_COMPARED = 1000;
const LONGEST_NAME_COMPARED = 40;
/** As a measure of unlikeness: an exact other name is less like a column than a name with one letter wrong, and more than any with two. */
const OTHER_NAME_RANK = 1.5;

/**
 * "Did you mean": for each needed column that is missing the unused name which comes nearest to it, if any comes near:
 * written otherwise (`userId`, `User ID`, `user-id`), misspelt by a letter or two, or as other systems call it
 * (`timestamp`). In the order of the columns; no name is meant twice.
 */
export function suggestColumns(names: readonly string[]): ColumnSuggestion[] {
  const keys = new Set(names.map(columnKey));
  const missing = EVENT_COLUMNS.filter((column) => !keys.has(column));
  const known: ReadonlySet<string> = new Set(EVENT_COLUMNS);
  const unused = [...new Set(names)].filter((name) => name !== '' && !known.has(columnKey(name)));
  const ranked = unused
    .filter((name) => name.length <= LONGEST_NAME_COMPARED)
    .slice(0, MOST_NAMES_COMPARED)
    .flatMap((header) => missing.map((column) => ({ header, column, rank: rankOf(header, column) })))
    .filter(({ rank }) => rank !== Number.POSITIVE_INFINITY)
    .sort((a, b) => a.rank - b.rank);
  const found = new Map<EventColumn, string>();
  const taken = new Set<string>();
  for (const { header, column } of ranked) {
    if (found.has(column) || taken.has(header)) continue;
    found.set(column, header);
    taken.add(header);
  }
  return missing.flatMap((column) => {
    const header = found.get(column);
    return header === undefined ? [] : [{ header, column }];
  });
}

/** How unlike they are: 0 but for case and separators, Infinity where nothing speaks for it. */
function rankOf(header: string, column: EventColumn): number {
  const name = bare(header);
  const wanted = bare(column);
  const letters = distance(name, wanted);
  if (letters <= 1 && letters < name.length) return letters;
  // `event_time` is two letters from `event_type`, and means the timestamp. The likelier name first.
  const others = OTHER_NAMES[column];
  const other = others.indexOf(name);
  if (other !== -1) return OTHER_NAME_RANK + other / (2 * others.length);
  // A letter in four may be wrong: with more, `product_name` would be near to `product_code`.
  return letters <= Math.max(2, Math.floor(wanted.length / 4)) && letters < name.length
    ? letters
    : Number.POSITIVE_INFINITY;
}

function bare(name: string): string {
  return name.toLowerCase().replace(/[\s_.\-:/]+/g, '');
}
