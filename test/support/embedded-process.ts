import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** What a process reports once its start is over. */
export type StartReport = { url: string } | { code: string; message: string };

export interface SluiceProcess {
  readonly child: ChildProcess;
  /** Settles with the report of its start, or rejects where the process ends without one. */
  readonly report: Promise<StartReport>;
  /** Asks it to stop its server and waits for its end. */
  stop(): Promise<void>;
}

/** Other processes that start the embedded PostgreSQL, from code compiled for them: Node 20 runs no TypeScript. */
export class SluiceProcesses {
  readonly #script: string;
  readonly #children: ChildProcess[] = [];

  constructor(directory: string) {
    const outDir = join(directory, 'built');
    const config = join(directory, 'tsconfig.json');
    writeFileSync(
      config,
      JSON.stringify({
        extends: join(repository, 'tsconfig.json'),
        compilerOptions: {
          noEmit: false,
          rootDir: join(repository, 'src'),
          outDir,
          typeRoots: [join(repository, 'node_modules/@types')],
        },
        files: [join(repository, 'src/database/embedded/embedded-postgres.ts')],
        include: [],
      }),
    );
    execFileSync(process.execPath, [join(repository, 'node_modules/typescript/bin/tsc'), '-p', config]);
    writeFileSync(join(outDir, 'package.json'), '{"type":"module"}');
    symlinkSync(join(repository, 'node_modules'), join(outDir, 'node_modules'));
    this.#script = join(outDir, 'start.js');
    writeFileSync(
      this.#script,
      `import { startEmbeddedPostgres } from './database/embedded/embedded-postgres.js';
       import { once } from 'node:events';
       try {
         const server = await startEmbeddedPostgres({ ...JSON.parse(process.argv[2]), log: () => {} });
         console.log(JSON.stringify({ url: server.connectionString }));
         await once(process.stdin, 'data');
         await server.stop();
       } catch (error) {
         console.log(JSON.stringify({ code: String(error.code), message: String(error.message) }));
       }
       process.stdin.destroy();`,
    );
    // A umask of 077 must not hide it from the ordinary user that a test runs it as.
    execFileSync('chmod', ['-R', 'a+rX', outDir]);
    chmodSync(directory, 0o755);
  }

  start(options: { dataDirectory: string; binaries?: string }, as: { uid?: number; gid?: number } = {}): SluiceProcess {
    const child = spawn(process.execPath, [this.#script, JSON.stringify(options)], {
      ...as,
      cwd: '/',
      // What a shell may hold for the caller's own servers must not lead astray.
      env: { ...process.env, PGPORT: '1', PGDATA: '/nowhere', PGSSLMODE: 'require', PGUSER: 'somebody' },
      // A process group of its own, as a terminal gives a command.
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    const ended = once(child, 'exit');
    const report = new Promise<StartReport>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)));
      child.once('exit', () => reject(new Error('the process ended without a report')));
    });
    // A test that kills the process does not look at its report.
    report.catch(() => {});
    return {
      child,
      report,
      stop: async () => {
        child.stdin.write('stop\n');
        await ended;
      },
    };
  }

  killAll(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }
}
