import { spawn } from 'node:child_process';

/** The user and group a program runs as, where that is not Sluice's own. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

export interface ProgramResult {
  readonly succeeded: boolean;
  /** stdout and stderr together; where the program could not be run at all, or not in time, this says so. */
  readonly output: string;
}

export interface ProgramOptions {
  readonly runAs: RunAs | null;
  readonly timeoutMs: number;
  readonly input?: string;
}

/**
 * Runs a program to its end and reports how it ended. Never rejects and never outlasts `timeoutMs` by more than the
 * time a SIGKILL takes.
 */
export function runProgram(file: string, args: readonly string[], options: ProgramOptions): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const finish = (succeeded: boolean, note: string): void => {
      clearTimeout(deadline);
      resolve({ succeeded, output: (Buffer.concat(chunks).toString('utf8') + note).trim() });
    };
    const child = spawn(file, args, {
      // A directory that every user can enter: PostgreSQL resolves its own path from here, and Sluice's own directory may
      // be closed to the user it runs as.
      cwd: '/',
      // Only what the programs need: nothing that a shell holds for other servers (PGDATA, LD_LIBRARY_PATH) gets through,
      // and with LC_ALL=C their messages are the English ones that the start looks for.
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      // Ctrl-C in the terminal signals the whole process group; what happens then is for Sluice's own shutdown to decide.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      // Node takes signed ids only; `nobody` of macOS is -2.
      ...(options.runAs === null ? {} : { uid: options.runAs.uid | 0, gid: options.runAs.gid | 0 }),
    });
    const deadline = setTimeout(() => {
      child.kill('SIGKILL');
      // A grandchild may hold the pipes open for ever, so `close` is not waited for.
      child.stdout.destroy();
      child.stderr.destroy();
      finish(false, `\n${file} did not finish within ${options.timeoutMs / 1000} s`);
    }, options.timeoutMs);
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => finish(false, `\n${file}: ${error.message}`));
    child.on('close', (code, signal) => finish(code === 0, signal === null ? '' : `\n${file} was ended by ${signal}`));
    // EPIPE where the program ends without reading its input; its exit code tells the story.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}
