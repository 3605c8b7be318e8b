import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { eventually } from './eventually.ts';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A compiled program of Sluice in a process of its own; killed at the end of the test if it still runs. */
export class SluiceProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;
  stdout = '';
  stderr = '';

  /** `program`: `main.js`, or one below `cli/`. The directory keeps a developer's .env file out of the test. */
  constructor(
    program: string,
    args: readonly string[],
    options: { readonly env: Readonly<Record<string, string>>; readonly cwd: string },
  ) {
    const { PATH = '', HOME = '' } = process.env;
    this.child = spawn(process.execPath, [`${DIST}${program}`, ...args], {
      cwd: options.cwd,
      env: { PATH, HOME, ...options.env },
      stdio: 'pipe',
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.exited = once(this.child, 'close').then(([code, signal]) => ({ code, signal }));
    onTestFinished(async () => {
      this.child.kill('SIGKILL');
      await this.exited;
    });
  }

  /** Resolves when the service says that it is ready. */
  async ready(): Promise<void> {
    await eventually(() => {
      if (this.child.exitCode !== null) throw new TypeError(`ended with ${this.child.exitCode}: ${this.stderr}`);
      if (!this.stdout.includes('Sluice is ready at')) throw new Error(`not ready: ${this.stdout}${this.stderr}`);
    });
  }

  async kill(signal: NodeJS.Signals): Promise<Exit> {
    this.child.kill(signal);
    return await this.exited;
  }
}

/** The whole service as `npm start` runs it, on any free port. */
export function spawnService(options: {
  readonly databaseUrl: string;
  readonly inputDirectory: string;
  readonly env?: Readonly<Record<string, string>>;
}): SluiceProcess {
  const env = {
    PORT: '0',
    LOADERS: '1',
    SETTLE_MS: '50',
    DATABASE_URL: options.databaseUrl,
    INPUT_DIR: options.inputDirectory,
  };
  return new SluiceProcess('main.js', [], { env: { ...env, ...options.env }, cwd: options.inputDirectory });
}
