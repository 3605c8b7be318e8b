import { execFileSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import { expect, it } from 'vitest';
import { runKillCycle } from '../support/kill-loop/kill-cycle.ts';
import { Tally } from '../support/kill-loop/tally.ts';
import { OwnCluster } from '../support/own-cluster.ts';

const FAULTS_PER_CYCLE = 45;
const MINUTES = Number(process.env['SLUICE_SOAK_MINUTES'] ?? 30);
const CYCLES = Number(process.env['SLUICE_SOAK_CYCLES'] ?? Number.POSITIVE_INFINITY);
const SEED = Number(process.env['SLUICE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** A cycle is not broken off; the slowest machine has done with one by then. */
const MARGIN_MS = 600_000;

/** The loop that goes on for as long as was asked for; each cycle has the next seed, by which it can be repeated alone. */
it(
  'A1 A3 A4 B3 I1 I2 I3 kills for as long as asked lose and double nothing',
  async () => {
    const tally = new Tally();
    const failures: string[] = [];
    const begin = performance.now();
    const postgres = await OwnCluster.start();
    try {
      for (let cycle = 0; cycle < CYCLES && performance.now() - begin < MINUTES * 60_000; cycle += 1) {
        const seed = SEED + cycle;
        const failure = await runKillCycle({ postgres, seed, faults: FAULTS_PER_CYCLE, tally }).then(
          () => undefined,
          (error: unknown) => `seed ${seed}: ${error instanceof Error ? error.message : String(error)}`,
        );
        if (failure !== undefined) failures.push(failure);
        print(`${failure ?? `seed ${seed} ok`} · ${Math.round((performance.now() - begin) / 1000)} s`);
        print(`${tally}\n`);
      }
    } finally {
      await postgres.clear();
    }
    print(
      [
        '',
        `seeds               ${SEED} to ${SEED + tally.cycles + failures.length - 1}, commit ${commit()}`,
        `failed              ${failures.length === 0 ? 'none' : failures.join('\n')}`,
        String(tally),
      ].join('\n'),
    );
    expect(failures).toEqual([]);
    expect(tally).toMatchObject({ lost: 0, duplicated: 0 });
  },
  MINUTES * 60_000 + MARGIN_MS,
);

/** At once, whatever becomes of this process. */
function print(text: string): void {
  writeSync(1, `${text}\n`);
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
