import { type ExpectedEvent, type ExpectedFile, type ExpectedReject, instantText } from './expected-events.ts';

export const HEADER = 'user_id,event_type,event_timestamp,product_id,product_name,product_price,session_id\n';

const START = Date.UTC(2024, 0, 15);
const TYPES = ['view', 'add_to_cart', 'purchase', 'remove_from_cart'] as const;

/** Rows that no other tag or number has, so that one too many or too few shows; `badEvery` n: each n-th has no price. */
export interface PlainRows {
  readonly tag: string;
  /** numbers of the rows, the first inclusive, the last exclusive; row n stands on line n + 2 of a file with a header */
  readonly from?: number;
  readonly to: number;
  readonly badEvery?: number;
}

/** The bytes of such rows without a header, each with its line end. */
export function plainRows({ tag, from = 0, to, badEvery }: PlainRows): string {
  const lines: string[] = [];
  for (let n = from; n < to; n += 1) {
    const { userId, eventType, at, productId, productName, price, sessionId } = eventOf(tag, n);
    const shownPrice = isBad(n, badEvery) ? '' : price;
    lines.push(`${userId},${eventType},${at}Z,${productId},${productName},${shownPrice},${sessionId}\n`);
  }
  return lines.join('');
}

export function plainFile(rows: PlainRows): string {
  return HEADER + plainRows(rows);
}

/** What has to come of one or more runs of plain rows under one name. */
export function expectedPlain(name: string, ...runs: readonly PlainRows[]): ExpectedFile {
  const events: ExpectedEvent[] = [];
  const rejects: ExpectedReject[] = [];
  for (const { tag, from = 0, to, badEvery } of runs) {
    for (let n = from; n < to; n += 1) {
      if (isBad(n, badEvery)) rejects.push({ line: n + 2, reason: 'missing_value', column: 'product_price' });
      else events.push(eventOf(tag, n));
    }
  }
  return { name, events, rejects };
}

function isBad(n: number, badEvery: number | undefined): boolean {
  return badEvery !== undefined && n % badEvery === badEvery - 1;
}

function eventOf(tag: string, n: number): ExpectedEvent {
  return {
    line: n + 2,
    userId: `USER-${n % 97}`,
    eventType: TYPES[n % TYPES.length] ?? 'view',
    at: instantText(START + n * 1001, n % 1000),
    productId: `P${n % 13}`,
    productName: `Article ${n % 13} of ${tag}`,
    price: `${n % 500}.${String((n % 99) + 1).padStart(2, '0')}`,
    sessionId: `${tag}-${n}`,
  };
}
