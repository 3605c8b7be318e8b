import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type QueryResultRow } from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/database/embedded/embedded-postgres.ts';
import { findPostmaster } from '../../src/database/embedded/postmaster.ts';

export const isRoot = process.geteuid?.() === 0;

/** A directory of a test's own in which embedded servers live; `clear` ends whatever still runs there. */
export class EmbeddedPlace {
  /** With a space, an apostrophe and a letter beyond ASCII, as such names are found on people's machines. */
  readonly directory = mkdtempSync(join(tmpdir(), "sluice embedded ü'"));
  readonly logged: string[] = [];
  readonly #started: EmbeddedPostgres[] = [];

  constructor() {
    // mkdtemp makes it 0700, which would close it to the user that PostgreSQL runs as under root.
    chmodSync(this.directory, 0o755);
  }

  get dataDirectory(): string {
    return join(this.directory, 'data');
  }

  get cluster(): string {
    return join(this.dataDirectory, 'postgres');
  }

  async start(options: { binaries?: string; dataDirectory?: string } = {}): Promise<EmbeddedPostgres> {
    const server = await startEmbeddedPostgres({
      dataDirectory: this.dataDirectory,
      reachableDirectory: join(this.directory, 'reachable'),
      log: (line) => this.logged.push(line),
      ...options,
    });
    this.#started.push(server);
    return server;
  }

  /** Starts from a stopped cluster that is there already, which costs less than to make one. */
  copyFrom(template: EmbeddedPlace): void {
    execFileSync('cp', ['-a', template.dataDirectory, this.dataDirectory]);
  }

  makeDirectory(name: string, mode: number): string {
    const path = join(this.directory, name);
    mkdirSync(path);
    chmodSync(path, mode);
    return path;
  }

  async postmasterPid(cluster = this.cluster): Promise<number | null> {
    return (await findPostmaster(await realpath(cluster)))?.pid ?? null;
  }

  async clear(): Promise<void> {
    for (const server of this.#started) await server.stop().catch(() => {});
    for (const pid of processesBelow(this.directory)) killIfAlive(pid);
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

/** Processes that work in the directory or below it; a server works in its cluster. Linux only, elsewhere none. */
export function processesBelow(directory: string): number[] {
  return readNames('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(`${directory}/`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

export async function query<Row extends QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url, application_name: 'test' });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

export function readNames(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}
