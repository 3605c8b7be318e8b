import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { Service } from '../../src/app.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { CONNECTION_LIMITS, type ConnectionLimits } from '../../src/http/connection-limits.ts';
import { createTestDatabase, type TestDatabase } from './postgres.ts';

export const WORKER_FILE = fileURLToPath(new URL('../../dist/ingest/worker/worker-entry.cjs', import.meta.url));

const CHECK_FILE = fileURLToPath(new URL('../../dist/ingest/check/check-entry.cjs', import.meta.url));

export interface TestService {
  readonly service: Service;
  readonly database: TestDatabase;
  readonly directory: string;
  readonly config: Config;
  readonly url: string;
  /** lines of the log, one JSON object each */
  readonly logLines: readonly string[];
  close(): Promise<void>;
}

export interface TestServiceOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** share these between replicas; otherwise each service has its own */
  readonly database?: TestDatabase;
  readonly directory?: string;
  /** times so short that a test can wait for them */
  readonly connectionLimits?: Partial<ConnectionLimits>;
}

/** The whole service in this process, on a free port, with a folder and database of its own. */
export async function startTestService(options: TestServiceOptions = {}): Promise<TestService> {
  const directory = options.directory ?? (await createTestDirectory());
  const database = options.database ?? (await createTestDatabase());
  const logLines: string[] = [];
  const config = loadConfig({
    PORT: '0',
    LOADERS: '1',
    SETTLE_MS: '50',
    LOG_LEVEL: 'debug',
    DATABASE_URL: database.connectionString,
    INPUT_DIR: directory,
    ...options.env,
  });
  const log = pino({ level: config.LOG_LEVEL }, { write: (line: string) => void logLines.push(line) });
  const connectionLimits = { ...CONNECTION_LIMITS, ...options.connectionLimits };
  const service = new Service({ config, log, workerFile: WORKER_FILE, checkFile: CHECK_FILE, connectionLimits });
  const close = async () => {
    await service.stop();
    if (options.database === undefined) await database.drop();
    if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
  };
  try {
    await service.start();
  } catch (error) {
    await close();
    throw error;
  }
  return { service, database, directory, config, logLines, close, url: `http://127.0.0.1:${service.address.port}` };
}

/** A fresh directory under the system's temporary one, by its real path. */
export async function createTestDirectory(): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'sluice-test-')));
  // Run by root, an embedded PostgreSQL has a user of its own; shut out, it would put its data elsewhere.
  await chmod(directory, 0o711);
  return directory;
}
