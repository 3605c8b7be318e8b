import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVENT_TYPES } from '../../../src/ingest/event-columns.ts';
import { BatchTotals, type USER_FIELDS } from '../../../src/ingest/totals/batch-totals.ts';
import { UserNumbers } from '../../../src/ingest/totals/user-numbers.ts';
import { propertyRuns } from '../../support/property-runs.ts';

const rows = fc.array(
  fc.record({
    user: fc.oneof(fc.constantFrom('A', 'B', 'AB', 'É'), fc.string({ minLength: 1, maxLength: 50, unit: 'grapheme' })),
    type: fc.constantFrom(...EVENT_TYPES),
    ms: fc.oneof(
      fc.integer({ min: -3 * 86_400_000, max: 3 * 86_400_000 }),
      fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }),
    ),
    micros: fc.integer({ min: 0, max: 999 }),
    cents: fc.integer({ min: 1, max: 9_999_999_999 }),
  }),
  { maxLength: 200 },
);

describe('what a batch adds up', () => {
  it('is what a plain sum over its rows gives, by user and by day, again after it was cleared', () => {
    const totals = new BatchTotals();
    fc.assert(
      fc.property(rows, (batch) => {
        totals.clear();
        const expected = new Map<
          string,
          { events: number; views: number; carts: number; purchases: number; cents: number; last: bigint }
        >();
        const days = new Map<number, { purchases: number; cents: number; customers: Map<string, number> }>();
        for (const { user, type, ms, micros, cents } of batch) {
          // Among other bytes, as in a buffer of rows.
          const bytes = Buffer.from(`xx${user}yy`);
          totals.add(bytes, 2, bytes.length - 2, type, ms, micros, cents);
          const sum = expected.get(user) ?? {
            events: 0,
            views: 0,
            carts: 0,
            purchases: 0,
            cents: 0,
            last: -(2n ** 63n),
          };
          const at = BigInt(ms) * 1000n + BigInt(micros);
          expected.set(user, {
            events: sum.events + 1,
            views: sum.views + Number(type === 'view'),
            carts: sum.carts + Number(type === 'add_to_cart'),
            purchases: sum.purchases + Number(type === 'purchase'),
            cents: sum.cents + (type === 'purchase' ? cents : 0),
            last: at > sum.last ? at : sum.last,
          });
          if (type !== 'purchase') continue;
          const date = Math.floor(ms / 86_400_000);
          const day = days.get(date) ?? { purchases: 0, cents: 0, customers: new Map() };
          day.purchases += 1;
          day.cents += cents;
          day.customers.set(user, (day.customers.get(user) ?? 0) + 1);
          days.set(date, day);
        }
        const column = (field: keyof typeof USER_FIELDS) => [...totals.column(field, 0, totals.users.count)];
        const lastMicros = column('lastMicros');
        const [events, views, carts, purchases, cents] = (
          ['events', 'views', 'cartAdds', 'purchases', 'spentCents'] as const
        ).map(column);
        const added = column('lastMs').map((ms, user) => ({
          user: totals.users.id(user).toString(),
          events: events?.[user],
          views: views?.[user],
          carts: carts?.[user],
          purchases: purchases?.[user],
          cents: cents?.[user],
          last: BigInt(ms) * 1000n + BigInt(lastMicros[user] ?? 0),
        }));
        expect(added).toEqual(Array.from(expected, ([user, sum]) => ({ user, ...sum })));
        const ofDays = Array.from(totals.days, ([date, { purchases, revenueCents, customers }]) => [
          date,
          {
            purchases,
            cents: revenueCents,
            customers: new Map(Array.from(customers, ([user, n]) => [totals.users.id(user).toString(), n] as const)),
          },
        ]);
        expect(ofDays).toEqual([...days]);
        expect(totals.entries).toBe(
          expected.size + [...days.values()].reduce((sum, { customers }) => sum + customers.size, 0),
        );
      }),
      propertyRuns(300),
    );
  });

  it('is full with 65,536 users, customers of days, or sums near the end of what a double holds exactly', () => {
    const many = new BatchTotals();
    const customers = new BatchTotals();
    const rich = new BatchTotals();
    const add = (totals: BatchTotals, user: string, day: number, cents: number) => {
      const bytes = Buffer.from(user);
      totals.add(bytes, 0, bytes.length, 'purchase', day * 86_400_000, 0, cents);
    };
    for (let n = 0; n < 65_536; n += 1) {
      expect([n, many.isFull, customers.isFull]).toEqual([n, false, false]);
      add(many, `U${n}`, 0, 1);
      add(customers, 'U', n, 1);
    }
    expect([many.isFull, customers.isFull]).toEqual([true, true]);
    while (!rich.isFull) add(rich, 'U', 0, 9_999_999_999);
    expect(rich.column('spentCents', 0, 1)[0]).toBeLessThan(Number.MAX_SAFE_INTEGER / 1.9);
  });
});

describe('numbers of users', () => {
  it('differ for different ids and stay the same, also where ids have a common beginning and the table has grown', () => {
    const numbers = new UserNumbers();
    const ids = Array.from({ length: 20_000 }, (_, n) => `${'x'.repeat(n % 40)}${n}`);
    const first = ids.map((id) => numbers.of(Buffer.from(id), 0, Buffer.byteLength(id)));
    expect(first).toEqual(ids.map((_, n) => n));
    const second = ids.map((id) => numbers.of(Buffer.from(id), 0, Buffer.byteLength(id)));
    expect(second).toEqual(first);
    expect(ids.map((_, n) => numbers.id(n).toString())).toEqual(ids);
  });
});
