// What a change costs or brings: the files of some loads, loaded in turn by the service as it is here and as it was at another commit.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildWhereNeeded, installWhereNeeded, requireNode } from '../scripts/prepare.mjs';

requireNode();
installWhereNeeded();
buildWhereNeeded();
const { CommitWorktree } = await import('./commit-worktree.mjs');
const { COMPARED_LOADS, compareLoad } = await import('./compared-loads.mjs');
const { endFailed, interruption } = await import('./interruption.mjs');
const { describeCommit, describeMachine } = await import('./machine.mjs');
const { OptionError, wholeNumber } = await import('./options.mjs');
const { Place } = await import('./place.mjs');

const USAGE = `Usage: node bench/compare-commits.mjs <commit> [options]

  --rows N       rows of the largest file (default 1000000); the others grow or shrink with it
  --runs N       pairs of runs of each load (default 7)
  --only a,b     only these loads: ${Object.keys(COMPARED_LOADS).join(', ')}

Everything is made below TMPDIR, the other commit in a worktree, and removed at the end.`;
const FULL_ROWS = 1_000_000;

const signal = interruption();
try {
  await compare(readOptions());
} catch (error) {
  endFailed(error, USAGE);
}

function readOptions() {
  let parsed;
  try {
    const options = { rows: { type: 'string' }, runs: { type: 'string' }, only: { type: 'string' } };
    parsed = parseArgs({ allowPositionals: true, options });
  } catch (error) {
    throw new OptionError(error.message);
  }
  const { values, positionals } = parsed;
  if (positionals.length !== 1) throw new OptionError('name one commit to compare with');
  const only = values.only?.split(',') ?? Object.keys(COMPARED_LOADS);
  const unknown = only.filter((name) => !Object.hasOwn(COMPARED_LOADS, name));
  if (unknown.length > 0) throw new OptionError(`--only: there is no load '${unknown.join("', '")}'`);
  return {
    commit: positionals[0],
    only,
    rows: wholeNumber('rows', values.rows, 1000, 10_000_000) ?? FULL_ROWS,
    runs: wholeNumber('runs', values.runs, 1, 1000) ?? 7,
  };
}

async function compare({ commit, only, rows, runs }) {
  const size = {
    rows,
    smallFiles: Math.max(20, Math.round((5000 * rows) / FULL_ROWS)),
    // What a Place asks for, to tell whether the disk has room for all of it: two databases.
    busyRows: 0,
    parallelRows: rows * 2,
    memoryBytes: [0],
    analytics: [0],
  };
  const directory = await mkdtemp(join(tmpdir(), 'sluice-compare-'));
  const open = [];
  try {
    const worktree = await CommitWorktree.make(commit, { directory: join(directory, 'worktree'), signal });
    open.push(() => worktree.remove());
    const places = {};
    for (const [name, main] of Object.entries({ before: worktree.main, now: undefined })) {
      places[name] = await Place.open({ size, signal, main });
      open.push(() => places[name].close());
    }
    const here = describeCommit();
    const { cpu, cores, node } = describeMachine();
    console.log(`${cpu}, ${cores} cores, Node ${node}; before: ${worktree.commit}`);
    console.log(`now: ${here.commit}${here.changed ? ' with changes' : ''}\n`);
    console.log('| load | n | before | now | time, ratio of medians | median of pairs |\n|---|---|---|---|---|---|');
    for (const name of only) console.log(await compareLoad(COMPARED_LOADS[name], { places, size, runs }));
  } finally {
    for (const close of open.reverse()) await close();
    await rm(directory, { recursive: true, force: true });
  }
}
