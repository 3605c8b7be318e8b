// `npm run test:soak`: the long tier. By default the kill loop, for as long as asked; with --tests every test of `npm test` instead, each
// random one with many more inputs and those that are too long for every change.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { installWhereNeeded, requireNode, root } from './prepare.mjs';

const USAGE = `npm run test:soak -- [--minutes N] [--seed N] [--cycles N]    kills servers, backends and postmasters for N minutes (30)
npm run test:soak -- --tests [--factor N] [--seed N]        runs every test in its long form, N times the random inputs (20)
A cycle that failed is repeated by its own seed: --seed N --cycles 1`;

requireNode();
const options = read();
installWhereNeeded();
const env = {
  ...process.env,
  SLUICE_SOAK: '1',
  ...(options.seed === undefined ? {} : { SLUICE_TEST_SEED: options.seed }),
  ...(options.tests
    ? { SLUICE_PROPERTY_FACTOR: options.factor ?? '20' }
    : {
        SLUICE_SOAK_MINUTES: options.minutes ?? '30',
        ...(options.cycles === undefined ? {} : { SLUICE_SOAK_CYCLES: options.cycles }),
      }),
};
const config = options.tests ? 'vitest.config.ts' : 'vitest.soak.config.ts';
const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--config', config], {
  cwd: root,
  env,
  stdio: ['ignore', 'inherit', 'inherit'],
});
process.exit(status ?? 1);

function read() {
  try {
    const number = { type: 'string' };
    const { values } = parseArgs({
      options: {
        minutes: number,
        seed: number,
        cycles: number,
        factor: number,
        tests: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    for (const name of ['minutes', 'seed', 'cycles', 'factor']) {
      if (values[name] !== undefined && !/^\d+(\.\d+)?$/.test(values[name]))
        throw new Error(`--${name} must be a number, not '${values[name]}'`);
    }
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    return values;
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    process.exit(1);
  }
}
