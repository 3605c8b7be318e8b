import type { EventType } from '../event-columns.ts';
import { UserNumbers } from './user-numbers.ts';

const FIRST_USERS = 2048;
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
  events = new Int32Array(FIRST_USERS);
  views = new Int32Array(FIRST_USERS);
  purchases = new Int32Array(FIRST_USERS);
  cartAdds = new Int32Array(FIRST_USERS);
  /** exact, see LARGE_SUM */
  spentCents = new Float64Array(FIRST_USERS);
  /** the latest event: milliseconds since 1970, and 0 to 999 microseconds on top of them */
  lastMs = new Float64Array(FIRST_USERS);
  lastMicros = new Uint16Array(FIRST_USERS);
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

  /** A row: the bytes of its user id from `start` to `end`, its instant, and its price in cents. */
  add(bytes: Uint8Array, start: number, end: number, type: EventType, ms: number, micros: number, cents: number): void {
    const known = this.users.count;
    const user = this.users.of(bytes, start, end);
    if (user === known) this.#begin(user, ms, micros);
    else if (ms > (this.lastMs[user] as number)) this.#seen(user, ms, micros);
    else if (ms === this.lastMs[user] && micros > (this.lastMicros[user] as number)) this.#seen(user, ms, micros);
    this.events[user] = (this.events[user] as number) + 1;
    switch (type) {
      case 'view':
        this.views[user] = (this.views[user] as number) + 1;
        break;
      case 'add_to_cart':
        this.cartAdds[user] = (this.cartAdds[user] as number) + 1;
        break;
      case 'purchase':
        this.#purchase(user, Math.floor(ms / MS_PER_DAY), cents);
        break;
      case 'remove_from_cart':
        break;
    }
  }

  clear(): void {
    this.users.clear();
    this.days.clear();
    this.#customers = 0;
    this.#largestSum = 0;
  }

  #begin(user: number, ms: number, micros: number): void {
    if (user === this.events.length) this.#grow();
    this.events[user] = 0;
    this.views[user] = 0;
    this.purchases[user] = 0;
    this.cartAdds[user] = 0;
    this.spentCents[user] = 0;
    this.#seen(user, ms, micros);
  }

  #seen(user: number, ms: number, micros: number): void {
    this.lastMs[user] = ms;
    this.lastMicros[user] = micros;
  }

  #purchase(user: number, date: number, cents: number): void {
    this.purchases[user] = (this.purchases[user] as number) + 1;
    this.spentCents[user] = (this.spentCents[user] as number) + cents;
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
    this.#largestSum = Math.max(this.#largestSum, day.revenueCents, this.spentCents[user] as number);
  }

  #grow(): void {
    const length = this.events.length * 2;
    this.events = copied(this.events, new Int32Array(length));
    this.views = copied(this.views, new Int32Array(length));
    this.purchases = copied(this.purchases, new Int32Array(length));
    this.cartAdds = copied(this.cartAdds, new Int32Array(length));
    this.spentCents = copied(this.spentCents, new Float64Array(length));
    this.lastMs = copied(this.lastMs, new Float64Array(length));
    this.lastMicros = copied(this.lastMicros, new Uint16Array(length));
  }
}

function copied<Numbers extends Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer> | Uint16Array<ArrayBuffer>>(
  from: Numbers,
  to: Numbers,
): Numbers {
  to.set(from);
  return to;
}
