import type { EventType } from '../event-columns.ts';
import { UserNumbers } from './user-numbers.ts';

const FIRST_USERS = 2048;
/** Of each user eight numbers, side by side in one line of the processor's cache: with an array for each of them, a row waited seven times. */
const FIELDS = 8;
const EVENTS = 0;
const SPENT_CENTS = 4;
const LAST_MS = 5;
const LAST_MICROS = 6;
const OF_TYPE = { view: 1, purchase: 2, add_to_cart: 3, remove_from_cart: 7 } as const satisfies Record<
  EventType,
  number
>;

/** Where each number stands; the latest event is milliseconds since 1970, and 0 to 999 microseconds on top of them. */
export const USER_FIELDS = {
  events: EVENTS,
  views: OF_TYPE.view,
  purchases: OF_TYPE.purchase,
  cartAdds: OF_TYPE.add_to_cart,
  spentCents: SPENT_CENTS,
  lastMs: LAST_MS,
  lastMicros: LAST_MICROS,
} as const;

const MS_PER_DAY = 86_400_000;
/** Beyond it what is counted so far is to be written: a load may have as many users as rows, and memory has an end. */
const MANY = 65_536;
/** Far enough below 2^53 for what one more chunk may add. */
const LARGE_SUM = 2 ** 52;

/** What rows add to the totals of one day, by the purchases among them. */
export interface DayTotals {
  purchases: number;
  revenueCents: number;
  /** purchases of each customer of that day, by the number of the user */
  readonly customers: Map<number, number>;
}

/**
 * Adds up rows as they are encoded, by user and by day, so that the commit which makes them visible can bring the views along: what is
 * added up is many times smaller than the rows, and nobody has to read them again.
 */
export class BatchTotals {
  readonly users = new UserNumbers();
  /** by days since 1970-01-01 in UTC */
  readonly days = new Map<number, DayTotals>();
  #numbers = new Float64Array(FIRST_USERS * FIELDS);
  #customers = 0;
  #largestSum = 0;

  /** Users, and customers of days: what it costs to bring the totals up to date. */
  get entries(): number {
    return this.users.count + this.#customers;
  }

  /** Whether it is time to write down what was added up, and to begin anew. */
  get isFull(): boolean {
    return this.users.count >= MANY || this.#customers >= MANY || this.#largestSum > LARGE_SUM;
  }

  /** One number of each user from one to another, not included; all of them are whole and exact, see LARGE_SUM. */
  column(field: keyof typeof USER_FIELDS, from: number, to: number): Float64Array {
    const column = new Float64Array(to - from);
    let at = from * FIELDS + USER_FIELDS[field];
    for (let index = 0; index < column.length; index += 1, at += FIELDS) column[index] = this.#numbers[at] as number;
    return column;
  }

  /** A row: the bytes of its user id from `start` to `end`, its instant, and its price in cents. */
  add(bytes: Uint8Array, start: number, end: number, type: EventType, ms: number, micros: number, cents: number): void {
    const known = this.users.count;
    const user = this.users.of(bytes, start, end);
    const at = user * FIELDS;
    if (user === known) this.#begin(at);
    const numbers = this.#numbers;
    const lastMs = numbers[at + LAST_MS] as number;
    if (ms > lastMs || (ms === lastMs && micros > (numbers[at + LAST_MICROS] as number))) {
      numbers[at + LAST_MS] = ms;
      numbers[at + LAST_MICROS] = micros;
    }
    numbers[at + EVENTS] = (numbers[at + EVENTS] as number) + 1;
    const ofType = at + OF_TYPE[type];
    numbers[ofType] = (numbers[ofType] as number) + 1;
    if (type === 'purchase') this.#purchase(user, Math.floor(ms / MS_PER_DAY), cents);
  }

  clear(): void {
    this.users.clear();
    this.days.clear();
    this.#customers = 0;
    this.#largestSum = 0;
  }

  #begin(at: number): void {
    if (at === this.#numbers.length) {
      const larger = new Float64Array(at * 2);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers.fill(0, at, at + FIELDS);
    this.#numbers[at + LAST_MS] = Number.NEGATIVE_INFINITY;
  }

  #purchase(user: number, date: number, cents: number): void {
    const spentAt = user * FIELDS + SPENT_CENTS;
    const spent = (this.#numbers[spentAt] as number) + cents;
    this.#numbers[spentAt] = spent;
    let day = this.days.get(date);
    if (day === undefined) {
      day = { purchases: 0, revenueCents: 0, customers: new Map() };
      this.days.set(date, day);
    }
    day.purchases += 1;
    day.revenueCents += cents;
    const before = day.customers.get(user);
    if (before === undefined) this.#customers += 1;
    day.customers.set(user, (before ?? 0) + 1);
    this.#largestSum = Math.max(this.#largestSum, day.revenueCents, spent);
  }
}
