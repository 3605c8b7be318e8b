import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Runs a program to its end and returns what it printed. An abort ends it, and is thrown once it has ended.
 * @throws Error with the last lines of its output where it fails or can't be started
 */
export async function runProgram(command, args, { env = process.env, signal, cwd } = {}) {
  signal?.throwIfAborted();
  // In a process group of its own: a Ctrl-C is for us alone, and we end it when we are ready.
  const child = spawn(command, args, { env, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  // The whole group: psql may have a gzip of its own.
  const end = () => {
    const isRunning = child.pid !== undefined && child.exitCode === null && child.signalCode === null;
    if (isRunning) process.kill(-child.pid, 'SIGTERM');
  };
  signal?.addEventListener('abort', end);
  try {
    const [code, killedBy] = await once(child, 'close');
    signal?.throwIfAborted();
    if (code !== 0) throw new Error(`${command} ended with ${code ?? killedBy}: ${stderr.slice(-2000)}`);
    return stdout;
  } finally {
    signal?.removeEventListener('abort', end);
  }
}
