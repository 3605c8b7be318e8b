import { HttpProblem } from './problem.ts';
import { DATE } from './schemas/shared.ts';

type KeyPart = 'count' | 'date' | 'text';

/** Only what the database takes as a value of the type: clients can write into a cursor what they like. */
const FITS: Readonly<Record<KeyPart, (part: unknown) => boolean>> = {
  count: (part) => Number.isSafeInteger(part) && Number(part) >= 0,
  date: (part) => typeof part === 'string' && isDate(part),
  text: (part) => typeof part === 'string' && !part.includes('\0'),
};

/** A place in a list, opaque to clients: the key of the last row they have seen. */
export function encodeCursor(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** @throws HttpProblem 400 where it is not one that `encodeCursor` made with keys of these types */
export function decodeCursor(cursor: string, types: readonly KeyPart[]): (string | number)[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(key) && key.length === types.length && types.every((type, index) => FITS[type](key[index])))
      return key;
  } catch {
    // the same fault as one that can be read but does not fit
  }
  throw new HttpProblem('invalid_cursor', 'the cursor is not one of this list: begin without a cursor');
}

/** Cuts a page out of `limit + 1` rows; the extra row only tells that there are more. */
export function pageOf<Row, Reply>(
  rows: readonly Row[],
  limit: number,
  toReply: (row: Row) => Reply,
  keyOf: (row: Row) => readonly (string | number)[],
): { data: Reply[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    data: shown.map(toReply),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null,
  };
}

function isDate(text: string): boolean {
  return DATE.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) === true;
}
