import { existsSync } from 'node:fs';
import { readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { runProgram } from './run-program.ts';

const hasProcfs = existsSync('/proc/self/stat');
const PS_TIMEOUT_MS = 5_000;

/**
 * When the process with this id was started, as a text without spaces that differs between two processes that had the
 * same id one after the other; null where no such process lives. A zombie counts as dead: in a container whose process 1
 * does not reap, a killed postmaster stays one for ever, `kill(pid, 0)` finds it, and PostgreSQL then refuses to start.
 * Source of the fields: proc_pid_stat(5); ps(1) where there is no /proc.
 */
export async function processStartedAt(pid: number): Promise<string | null> {
  if (!hasProcfs) {
    const ps = await runProgram('/bin/ps', ['-o', 'stat=,lstart=', '-p', String(pid)], psOptions);
    const [state = 'Z', ...started] = ps.output.split(/\s+/);
    return !ps.succeeded || state.startsWith('Z') ? null : started.join('').replaceAll(':', '');
  }
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may hold spaces and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[0] ?? 'X';
    return state === 'Z' || state === 'X' ? null : (fields[19] ?? '0');
  } catch {
    return null;
  }
}

/**
 * Whether the process is the postmaster of this data directory (a resolved path), and not one that got a recycled id.
 * A postmaster's working directory is its data directory.
 */
export async function isPostmasterOf(pid: number, cluster: string): Promise<boolean> {
  if ((await processStartedAt(pid)) === null) return false;
  if (!hasProcfs) {
    const ps = await runProgram('/bin/ps', ['-ww', '-o', 'command=', '-p', String(pid)], psOptions);
    return ps.output.includes('/postgres ') && `${ps.output} `.includes(` ${cluster} `);
  }
  try {
    const argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    const program = basename(argv[0] ?? '');
    // A process that is ending loses its arguments first; what it has open it holds for another moment.
    if (program !== '' && program !== 'postgres') return false;
    // The link to the working directory is readable only for the same user and root.
    const workingDirectory = await readlink(`/proc/${pid}/cwd`).catch(() => null);
    return workingDirectory === null ? argv.includes(cluster) : workingDirectory === cluster;
  } catch {
    return false;
  }
}

const psOptions = { runAs: null, timeoutMs: PS_TIMEOUT_MS } as const;
