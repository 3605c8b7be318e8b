import fc from 'fast-check';

/** SLUICE_PROPERTY_FACTOR=20 gives each property twenty times as many inputs, 0.1 a tenth. */
const factor = Number(process.env['SLUICE_PROPERTY_FACTOR'] ?? 1);

// One seed for all properties of a test file: it is printed when the file starts, for a run that hangs or is killed
// reports none, and SLUICE_TEST_SEED=<seed> repeats the file with the same inputs.
const seed = seedFrom(process.env['SLUICE_TEST_SEED']);
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
console.log(`random inputs: SLUICE_TEST_SEED=${seed} repeats them`);

/** The seed of this run, for random inputs that fast-check does not make. */
export const propertySeed = seed;

/** The parameters of `fc.assert` for a property that an ordinary run tries `runs` times. */
export function propertyRuns(runs: number): { readonly numRuns: number } {
  return { numRuns: Math.max(1, Math.round(runs * factor)) };
}

/** @throws TypeError if the variable is set to something else than an integer, which would repeat nothing */
function seedFrom(variable: string | undefined): number {
  if (variable === undefined) return Math.floor(Math.random() * 2 ** 31);
  const given = Number(variable);
  if (!Number.isSafeInteger(given)) throw new TypeError(`SLUICE_TEST_SEED must be an integer, not "${variable}"`);
  return given;
}
