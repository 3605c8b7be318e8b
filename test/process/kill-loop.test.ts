import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { runKillCycle } from '../support/kill-loop/kill-cycle.ts';
import { Tally } from '../support/kill-loop/tally.ts';
import { OwnCluster } from '../support/own-cluster.ts';

const FAULTS = 45;

/** Seeds that have failed once, each with what it had found. */
const FOUND: readonly { readonly seed: number; readonly what: string }[] = [];

let postgres: OwnCluster;

beforeAll(async () => {
  postgres = await OwnCluster.start();
});

afterAll(async () => {
  await postgres.clear();
});

describe('kills of servers, backends and postmasters at random moments', () => {
  const random = Number(process.env['SLUICE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

  it.each([
    ...FOUND,
    { seed: random, what: 'a new one each time' },
  ])('A1 A3 A4 I1 I2 I3 lose and double nothing: seed $seed ($what)', async ({ seed }) => {
    onTestFailed(() => console.error(`to repeat: SLUICE_TEST_SEED=${seed}`));
    const tally = new Tally();
    await runKillCycle({ postgres, seed, faults: FAULTS, tally });
    expect(tally.killsInMidLoad, 'no kill has met a load: the test has lost its point').toBeGreaterThan(0);
    console.log(`seed ${seed}\n${tally}`);
  }, 300_000);
});
