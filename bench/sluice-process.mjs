// The service as users run it, `node dist/main.js`, in a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const START_MS = 60_000;
const STOP_MS = 20_000;
/** A server that was started a moment ago has written its pid file by then. */
const LEFTOVER_MS = 1000;
const POLL_MS = 50;
const KIB = 1024;

export class SluiceProcess {
  /** milliseconds from spawn to the line that says that it is ready */
  startMs = 0;
  /** address of its HTTP server */
  origin = '';
  #child;
  #dataDirectory;
  #spawnedAt = performance.now();

  /** `settings` are its environment, beside PATH and HOME: nothing of the caller's own settings gets in. */
  constructor(settings, cwd, main = MAIN) {
    const { PATH = '', HOME = '' } = process.env;
    const ofPostgres = Object.entries(process.env).filter(([name]) => name.startsWith('PG'));
    this.#dataDirectory = settings.DATA_DIR;
    this.#child = spawn(process.execPath, [main], {
      cwd,
      env: {
        PATH,
        HOME,
        ...(settings.DATABASE_URL === undefined ? {} : Object.fromEntries(ofPostgres)),
        HOST: '127.0.0.1',
        PORT: '0',
        LOG_LEVEL: 'error',
        RATE_LIMIT: '0',
        ...settings,
      },
      // A Ctrl-C in the terminal must not reach it beside our SIGTERM: two signals would end it without its database.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** @throws Error where it ends instead, is not ready within a minute, or `signal` is aborted; it is stopped then. */
  async ready(signal) {
    let output = '';
    let settle;
    const told = new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
    const hear = (text) => {
      output += text;
      const [, origin] = /Sluice is ready at (\S+)/.exec(output) ?? [];
      if (origin !== undefined) settle.resolve(origin);
    };
    this.#child.stdout.setEncoding('utf8').on('data', hear);
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      output = `${output}${text}`.slice(-20_000);
    });
    const ended = (code) => settle.reject(new Error(`Sluice ended with ${code}: ${output}`));
    const aborted = () => settle.reject(signal.reason);
    this.#child.once('exit', ended).once('error', settle.reject);
    signal.addEventListener('abort', aborted);
    const timer = setTimeout(() => settle.reject(new Error(`Sluice is not ready after a minute: ${output}`)), START_MS);
    try {
      signal.throwIfAborted();
      this.origin = (await told).replace('localhost', '127.0.0.1');
      this.startMs = performance.now() - this.#spawnedAt;
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      this.#child.off('exit', ended);
    }
  }

  /** Connection string of its embedded database. */
  async databaseUrl() {
    return (await readFile(join(this.#dataDirectory, 'database-url'), 'utf8')).trim();
  }

  /** Largest resident memory of the Node process so far, in bytes; undefined where the system is not Linux. */
  async peakMemory() {
    const status = await readFile(`/proc/${this.#child.pid}/status`, 'utf8').catch(() => '');
    const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
    return kib === undefined ? undefined : Number(kib) * KIB;
  }

  /** SIGTERM; after 20 s it is ended the hard way. What it may have left of its database is ended, too. */
  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await exited;
    clearTimeout(timer);
    // Stopped while it starts, or killed, it can leave a server behind that it or its pg_ctl has just started.
    if (this.origin === '' || this.#child.signalCode === 'SIGKILL') await this.#stopDatabase();
  }

  async #stopDatabase() {
    // The programs that make and start a database are in the group of the process.
    signalTo(-this.#child.pid, 'SIGKILL');
    const deadline = performance.now() + LEFTOVER_MS;
    while (performance.now() < deadline) {
      for (const entry of await readdir(this.#dataDirectory).catch(() => [])) {
        const text = await readFile(join(this.#dataDirectory, entry, 'postmaster.pid'), 'utf8').catch(() => '');
        const pid = Number.parseInt(text, 10);
        // SIGQUIT: PostgreSQL's immediate shutdown.
        if (pid > 0) signalTo(pid, 'SIGQUIT');
      }
      await delay(POLL_MS);
    }
  }
}

function signalTo(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It has ended by itself.
    if (error.code !== 'ESRCH') throw error;
  }
}
