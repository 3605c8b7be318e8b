import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PLAIN_DIALECT } from '../../../src/generator/dialect.ts';
import { createRandom } from '../../../src/generator/random.ts';
import { faultsFor } from '../../../src/generator/row-fault.ts';
import { createFaultDeck, planRows } from '../../../src/generator/row-plan.ts';

const FAULTS = faultsFor(PLAIN_DIALECT, 4096);

describe('the fault deck', () => {
  it('deals every fault once before any comes again', () => {
    const deck = createFaultDeck(FAULTS, createRandom(1));
    const dealt = FAULTS.map(() => deck.draw(() => true)?.name);
    expect([...dealt].sort()).toEqual(FAULTS.map((fault) => fault.name).sort());
  });

  it('knows no two faults of one name', () => {
    expect(new Set(FAULTS.map((fault) => fault.name)).size).toBe(FAULTS.length);
  });
});

describe('the plan of a file', () => {
  it('spoils exactly the asked share of the rows, whatever the faults need to recover from', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 2000 }), fc.double({ min: 0, max: 1, noNaN: true }), (seed, rows, dirty) => {
        const random = createRandom(seed);
        const plans = [...planRows(rows, dirty, createFaultDeck(FAULTS, random), random)];
        expect(plans).toHaveLength(rows);
        expect(plans.filter((plan) => plan.fault !== undefined)).toHaveLength(Math.round(rows * dirty));
      }),
    );
  });

  it('puts a whole line under every broken one, and a quoted field under every open quote', () => {
    const random = createRandom(7);
    const plans = [...planRows(5000, 0.9, createFaultDeck(FAULTS, random), random)];
    for (const [index, { fault }] of plans.entries()) {
      const [next, overnext] = [plans[index + 1], plans[index + 2]];
      if (fault?.shape === 'broken' || fault?.shape === 'open') {
        expect(next?.lost ?? 'broken').toBe('broken');
        expect(next?.fault?.shape ?? 'whole').toBe('whole');
      }
      if (fault?.shape === 'open') {
        expect(overnext?.lost ?? 'open').toBe('open');
        expect(overnext?.fault?.column).not.toBe('product_name');
      }
    }
  });
});
