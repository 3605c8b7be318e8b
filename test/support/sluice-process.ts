import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { eventually } from './eventually.ts';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));

const FAULTS = new URL('./faults/', import.meta.url).href;

/** What a test puts around a program. */
export interface Surroundings {
  /** modules of `test/support/faults/`, which run before the program in each of its threads */
  readonly preload?: readonly string[];
  /** the words of a command that runs the program */
  readonly wrapper?: readonly string[];
  /** in a process group of its own, as a shell starts it, so that a signal to the group reaches it and nothing else */
  readonly ownGroup?: boolean;
}

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
    options: Surroundings & { readonly env: Readonly<Record<string, string>>; readonly cwd: string },
  ) {
    const { PATH = '', HOME = '' } = process.env;
    const imports = (options.preload ?? []).flatMap((module) => ['--import', `${FAULTS}${module}`]);
    const command = [...(options.wrapper ?? []), process.execPath, ...imports, `${DIST}${program}`, ...args];
    this.child = spawn(command[0] ?? '', command.slice(1), {
      cwd: options.cwd,
      env: { PATH, HOME, ...options.env },
      stdio: 'pipe',
      detached: options.ownGroup ?? false,
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

  /** Resolves when the service says that it is ready, with its address. */
  async ready(timeoutMs?: number): Promise<string> {
    return await eventually(() => {
      if (this.child.exitCode !== null) throw new TypeError(`ended with ${this.child.exitCode}: ${this.stderr}`);
      const address = /Sluice is ready at (\S+)/.exec(this.stdout)?.[1];
      if (address === undefined) throw new Error(`not ready: ${this.stdout}${this.stderr}`);
      return address;
    }, timeoutMs);
  }

  async kill(signal: NodeJS.Signals): Promise<Exit> {
    this.child.kill(signal);
    return await this.exited;
  }
}

/** The whole service as `npm start` runs it, on any free port. */
export function spawnService(
  options: Surroundings & {
    readonly databaseUrl: string;
    readonly inputDirectory: string;
    readonly env?: Readonly<Record<string, string>>;
  },
): SluiceProcess {
  const env = {
    PORT: '0',
    LOADERS: '1',
    SETTLE_MS: '50',
    DATABASE_URL: options.databaseUrl,
    INPUT_DIR: options.inputDirectory,
  };
  return new SluiceProcess('main.js', [], {
    ...options,
    env: { ...env, ...options.env },
    cwd: options.inputDirectory,
  });
}
