// What the figures depend on, for whoever compares them with others.
import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus, freemem, loadavg, platform, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SETTINGS = [
  'server_version',
  'shared_buffers',
  'wal_level',
  'max_wal_size',
  'checkpoint_timeout',
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'wal_compression',
  'autovacuum',
];

export function describeMachine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    loadAverage: loadavg(),
    system: `${platform()} ${release()}`,
    node: process.version,
  };
}

/** The commit that is checked out, and whether the tree has changes beside it. */
export function describeCommit() {
  const git = (...args) => spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  const { status, stdout } = git('rev-parse', '--short=8', 'HEAD');
  if (status !== 0) return { commit: 'unknown', changed: false };
  return { commit: stdout.trim(), changed: git('status', '--porcelain').stdout.trim() !== '' };
}

export async function describeServer(ledger) {
  const rows = await ledger.rows('select name, current_setting(name) as value from unnest($1::text[]) as name', [
    SETTINGS,
  ]);
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}
