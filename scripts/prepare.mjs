// Makes a fresh clone runnable: installs what package-lock.json names and builds `dist`, each only where it is needed.
// Plain JavaScript without dependencies, since nothing is installed yet when it runs.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const installStamp = join(root, 'node_modules', '.sluice-installed');
const dashboard = join(root, 'src', 'dashboard');
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const bundler = join(root, 'node_modules', 'vite', 'bin', 'vite.js');

/** Ends the process with a plain message where Node is too old to run anything else here. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`Sluice needs Node.js 20.19 or newer; this is ${process.versions.node}`);
  process.exit(1);
}

export function installWhereNeeded(directory = root) {
  const lock = readFileSync(join(directory, 'package-lock.json'), 'utf8');
  const stamp = directory === root ? installStamp : join(directory, 'node_modules', '.sluice-installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  // npm writes this list at the end of an install: one that somebody ran by hand is as good as ours.
  const installed = join(directory, 'node_modules', '.package-lock.json');
  const isComplete = directory !== root || existsSync(compiler);
  if (isComplete && existsSync(installed) && mtime(installed) >= mtime(join(directory, 'package-lock.json'))) return;
  console.log(`Installing dependencies${directory === root ? '' : ` of ${directory}`} (once) ...`);
  // Whatever NODE_ENV or an .npmrc says: the compiler is a development dependency, PostgreSQL an optional one.
  run('npm', ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'], directory);
  writeFileSync(stamp, lock);
}

/** The server by tsc and the dashboard by Vite; the second needs the first for nothing, so each is built for its own reasons. */
export function buildWhereNeeded() {
  const packages = ['package.json', 'package-lock.json', 'tsconfig.json'].map((name) => join(root, name));
  buildPart({
    stamp: join(root, 'dist', '.sluice-built'),
    newest: Math.max(
      newestIn(join(root, 'src'), dashboard),
      ...[...packages, join(root, 'tsconfig.build.json')].map(mtime),
    ),
    announcement: 'Building (once) ...',
    command: [compiler, '-p', 'tsconfig.build.json'],
  });
  buildDashboardWhereNeeded();
}

export function buildDashboardWhereNeeded() {
  const configuration = ['package.json', 'package-lock.json', 'tsconfig.json', 'vite.config.ts'];
  buildPart({
    // In the folder that the bundler empties: a build that fails half-way leaves no stamp.
    stamp: join(root, 'dist', 'dashboard', '.sluice-built'),
    newest: Math.max(newestIn(dashboard), ...configuration.map((name) => mtime(join(root, name)))),
    announcement: 'Building the dashboard (once) ...',
    command: [bundler, 'build', '--logLevel', 'error'],
  });
}

function buildPart({ stamp, newest, announcement, command }) {
  if (existsSync(stamp) && mtime(stamp) >= newest) return;
  console.log(announcement);
  run(process.execPath, command, root);
  writeFileSync(stamp, '');
}

/** Runs a command with the terminal's input and output; ends this process with its exit code where it fails. */
export function run(command, args, cwd = root) {
  const { status, signal, error } = spawnSync(command, args, {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (error !== undefined) throw error;
  if (signal !== null) process.kill(process.pid, signal);
  if (status !== 0) process.exit(status ?? 1);
}

function newestIn(directory, except = '') {
  let newest = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (path === except) continue;
    newest = Math.max(newest, entry.isDirectory() ? newestIn(path, except) : mtime(path));
  }
  return newest;
}

function mtime(path) {
  return statSync(path).mtimeMs;
}
