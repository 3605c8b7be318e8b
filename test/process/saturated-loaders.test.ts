import { writeFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { HeldLoads } from '../support/held-loads.ts';
import { HEADER, plainFile, plainRows } from '../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestDirectory } from '../support/service.ts';
import { spawnService } from '../support/sluice-process.ts';

/** Far above what a call takes, far below what waiting for a loader would take. */
const ANSWERED_WITHIN_MS = 3000;
const CALLS = [
  '/health/live',
  '/health/ready',
  '/ingestion/stats',
  '/ingestion/files',
  '/ingestion/files/1/rejects',
  '/analytics/purchases',
  '/analytics/users',
  '/metrics',
];

let database: TestDatabase;
let directory: string;

beforeEach(async () => {
  database = await createTestDatabase();
  directory = await createTestDirectory();
});

afterEach(async () => {
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

describe('while the loaders are saturated', () => {
  it('I7 every call is answered, and uploads are taken, with each loader held up and more files waiting', async () => {
    const held = await HeldLoads.hold(database);
    try {
      const url = await startService({ LOADERS: '2' });
      // Too large to share a loader.
      for (let n = 1; n <= 5; n += 1) writeFileSync(join(directory, `${n}.csv`), plainFile({ tag: `${n}`, to: 1500 }));
      await loading(url, 2);
      for (const path of CALLS) expect((await call(url, path)).status, path).toBe(200);
      const upload = await call(url, '/uploads/one-more.csv', {
        method: 'PUT',
        body: plainFile({ tag: 'one more', to: 10 }),
      });
      expect(upload.status).toBe(202);
      expect(await filesBy(url)).toMatchObject({ loading: 2, queued: 4, loaded: 0 });
    } finally {
      await held.release();
    }
  });

  it('I7 every call is answered with more loaders at work than there are cores', async () => {
    const url = await startService({ LOADERS: '4' });
    const rows = Buffer.from(plainRows({ tag: 'many', to: 30_000 }));
    for (let n = 1; n <= 4; n += 1) {
      const draft = join(directory, `${n}.tmp`);
      writeFileSync(
        draft,
        Buffer.concat([Buffer.from(HEADER), ...Array<Buffer>(8).fill(rows), Buffer.from('\n'.repeat(n))]),
      );
      await rename(draft, join(directory, `${n}.csv`));
    }
    await loading(url, 4);
    let rounds = 0;
    for (; ((await filesBy(url))['loading'] ?? 0) > 0; rounds += 1) {
      for (const path of CALLS) expect((await call(url, path)).status, path).toBe(200);
    }
    // Otherwise the loaders were done before anything was asked, and nothing was shown.
    expect(rounds).toBeGreaterThan(1);
  });
});

async function startService(env: Readonly<Record<string, string>>): Promise<string> {
  const service = spawnService({ databaseUrl: database.connectionString, inputDirectory: directory, env });
  await service.ready();
  return /ready at (\S+)/.exec(service.stdout)?.[1] ?? '';
}

async function call(url: string, path: string, init: RequestInit = {}): Promise<Response> {
  return await fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(ANSWERED_WITHIN_MS) });
}

async function filesBy(url: string): Promise<Readonly<Record<string, number>>> {
  const stats = (await (await call(url, '/ingestion/stats')).json()) as { readonly files: Record<string, number> };
  return stats.files;
}

async function loading(url: string, files: number): Promise<void> {
  await eventually(async () => expect((await filesBy(url))['loading']).toBe(files));
}
