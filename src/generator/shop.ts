import type { EventType } from '../ingest/event-columns.ts';
import { CATALOGUE, type Product } from './catalogue.ts';
import { pickRank, type Random } from './random.ts';

/** One thing that a visitor did, before it is written in any dialect. */
export interface ShopEvent {
  readonly userId: string;
  readonly eventType: EventType;
  /** Milliseconds since 1970, UTC. */
  readonly time: number;
  readonly product: Product;
  readonly sessionId: string;
  readonly device: string;
}

export interface ShopOptions {
  readonly random: Random;
  /** How many different users there are, 1 to 10,000,000. */
  readonly users: number;
  /** Time of the first event, milliseconds since 1970. */
  readonly start: number;
  /** Mean time between two events in whole milliseconds, at least 1. */
  readonly meanGapMs: number;
}

export interface Shop {
  /** The next event; each is at least a millisecond later than the one before, so no two events are equal. */
  next(): ShopEvent;
  /** Lets the shop's clock jump forward to `time`; it never goes back. */
  advanceTo(time: number): void;
}

interface Session {
  readonly userId: string;
  readonly id: string;
  readonly device: string;
  viewsLeft: number;
  /** What the visitor looks at and may put into the cart. */
  viewed: Product | undefined;
  readonly cart: Product[];
  payingForCart: boolean;
}

// Visitors who are in the shop at the same time: their events come interleaved, as they would from a real one.
const OPEN_SESSIONS = 48;
const DEVICES = ['desktop', 'mobile', 'tablet'] as const;

/**
 * A shop whose visitors view articles, put some into the cart, take some out again and buy or leave. A few users and
 * articles are hot, most are rare (see {@link pickRank}).
 */
export function createShop({ random, users, start, meanGapMs }: ShopOptions): Shop {
  const sessions: (Session | undefined)[] = new Array(OPEN_SESSIONS).fill(undefined);
  const userDigits = Math.max(6, String(users).length);
  let clock = start;
  let first = true;

  function openSession(): Session {
    return {
      userId: `U${String(pickRank(random, users) + 1).padStart(userDigits, '0')}`,
      id: randomUuid(random),
      device: DEVICES[random.below(DEVICES.length)] ?? DEVICES[0],
      viewsLeft: 2 + random.below(8),
      viewed: undefined,
      cart: [],
      payingForCart: false,
    };
  }

  function tick(): number {
    clock += first ? 0 : 1 + random.below(2 * meanGapMs - 1);
    first = false;
    return clock;
  }

  return {
    next() {
      const place = random.below(OPEN_SESSIONS);
      let session = sessions[place] ?? openSession();
      let step = nextStep(session, random);
      if (step === undefined) {
        session = openSession();
        step = viewStep(session, random);
      }
      sessions[place] = session;
      return {
        userId: session.userId,
        eventType: step.eventType,
        time: tick(),
        product: step.product,
        sessionId: session.id,
        device: session.device,
      };
    },
    advanceTo(time) {
      clock = Math.max(clock, time);
    },
  };
}

interface Step {
  readonly eventType: EventType;
  readonly product: Product;
}

/** What the visitor does next, or undefined where the visit is over. */
function nextStep(session: Session, random: Random): Step | undefined {
  if (session.payingForCart) return takeFromCart(session, 'purchase');

  const viewed = session.viewed;
  if (viewed !== undefined && random.chance(30)) {
    session.viewed = undefined;
    session.cart.push(viewed);
    return { eventType: 'add_to_cart', product: viewed };
  }
  if (session.cart.length > 0 && random.chance(8)) return takeFromCart(session, 'remove_from_cart');
  if (session.viewsLeft > 0) return viewStep(session, random);

  session.payingForCart = session.cart.length > 0 && random.chance(60);
  return session.payingForCart ? takeFromCart(session, 'purchase') : undefined;
}

function viewStep(session: Session, random: Random): Step {
  const product = CATALOGUE[pickRank(random, CATALOGUE.length)];
  if (product === undefined) throw new RangeError('the catalogue has no article of that rank');
  session.viewsLeft -= 1;
  session.viewed = product;
  return { eventType: 'view', product };
}

function takeFromCart(session: Session, eventType: EventType): Step | undefined {
  const product = session.cart.pop();
  return product === undefined ? undefined : { eventType, product };
}

/** The layout of RFC 9562 version 4, from a seeded source: it looks like a session id, it protects nothing. */
function randomUuid(random: Random): string {
  const hex = (): string => random.bits().toString(16).padStart(8, '0');
  const [a, b, c, d] = [hex(), hex(), hex(), hex()];
  return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-8${c.slice(1, 4)}-${c.slice(4)}${d}`;
}
