import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, it } from 'vitest';
import { DatabaseProxy } from '../support/database-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { expectExactly } from '../support/exact-load.ts';
import { HeldLoads } from '../support/held-loads.ts';
import { expectNothingLeaked } from '../support/leaks.ts';
import { ledgerRows, settledFile, settledRows } from '../support/ledger.ts';
import { expectedPlain, type PlainRows, plainFile } from '../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestDirectory, startTestService, type TestService } from '../support/service.ts';

const AWAY_MS = 60_000;
const DONE_WITHIN_MS = 10_000;
/** A lease of 3 s, a look each second, and the load itself. */
const TAKEN_OVER_WITHIN_MS = 6000;
/** The watchdog of a COPY, and a moment to tell. */
const NOTICED_WITHIN_MS = 33_000;
const LARGE: PlainRows = { tag: 'large', to: 6000, badEvery: 50 };
const ENV = { COMMIT_ROWS: '500', RESCAN_MS: '1000' };

interface Place {
  readonly database: TestDatabase;
  readonly directory: string;
  readonly proxy: DatabaseProxy;
  /** a service that sees the database through the proxy */
  readonly behindProxy: TestService;
}

async function inPlace(use: (place: Place) => Promise<void>): Promise<void> {
  const database = await createTestDatabase();
  const directory = await createTestDirectory();
  const proxy = await DatabaseProxy.start(database.connectionString);
  const throughProxy = { ...database, connectionString: proxy.connectionString };
  const behindProxy = await startTestService({ directory, database: throughProxy, env: ENV });
  try {
    await use({ database, directory, proxy, behindProxy });
  } finally {
    await behindProxy.close();
    await proxy.close();
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** The load of the large file, held in front of a COPY behind its first commit. */
async function heldInTheMiddle({ database, directory }: Place): Promise<HeldLoads> {
  const before = await HeldLoads.hold(database);
  writeFileSync(join(directory, 'large.csv'), plainFile(LARGE));
  await before.untilHeld();
  const hold = await before.passOneCommit();
  await hold.untilHeld();
  return hold;
}

// Beside each other: nearly all of their time is waiting.
describe.concurrent('a database that is out of reach', () => {
  it(`B3 I1 I4 for ${AWAY_MS / 1000} s under load: refused in plain words, nothing half kept, all done within ${DONE_WITHIN_MS / 1000} s`, async ({
    expect,
  }) => {
    await inPlace(async (place) => {
      const { database, directory, proxy, behindProxy: service } = place;
      const put = (name: string, rows: PlainRows, wait = 0) =>
        fetch(`${service.url}/uploads/${name}?wait=${wait}`, { method: 'PUT', body: plainFile(rows) });
      const uploaded: PlainRows = { tag: 'uploaded', to: 30 };
      const hold = await heldInTheMiddle(place);
      const half = request(`${service.url}/uploads/half.csv`, { method: 'PUT' });
      const halfStatus = once(half, 'response').then(([response]) => response.statusCode);
      half.write(plainFile(uploaded));
      await eventually(async () => expect(await readdir(join(directory, '.uploads'))).toHaveLength(1));
      proxy.cut();
      await hold.release();
      half.end('the rest of it\n');
      expect(await halfStatus).toBe(503);
      await eventually(async () => expect((await fetch(`${service.url}/health`)).status).toBe(503));
      proxy.attempts.clear();
      const begin = performance.now();
      const written: { name: string; rows: PlainRows }[] = [];
      while (performance.now() - begin < AWAY_MS) {
        const rows = { tag: `meanwhile ${written.length}`, to: 40 };
        written.push({ name: `${written.length}.csv`, rows });
        writeFileSync(join(directory, `${written.length - 1}.csv`), plainFile(rows));
        const reply = await put('up.csv', uploaded);
        expect(reply.status).toBe(503);
        expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(await reply.json()).toMatchObject({ code: 'database_unavailable' });
        expect((await fetch(`${service.url}/health`)).status).toBe(503);
        expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
        await delay(1000);
      }
      const secondsAway = Math.floor((performance.now() - begin) / 1000);
      expect(await readdir(join(directory, '.uploads'))).toEqual([]);
      expect((await readdir(directory)).filter((name) => /^(up|half)/.test(name))).toEqual([]);
      for (const [name, attempts] of proxy.attempts)
        expect(attempts, `connections that ${name} tried`).toBeLessThanOrEqual(secondsAway + 1);
      proxy.restore();
      const rows = await settledRows(database, written.length + 1, DONE_WITHIN_MS);
      expect(rows.filter(({ status, failures }) => status !== 'loaded' || failures > 0)).toEqual([]);
      expect((await fetch(`${service.url}/health`)).status).toBe(200);
      expect((await put('up.csv', uploaded, 20)).status).toBe(200);
      await expectExactly(database, [
        expectedPlain('large.csv', LARGE),
        ...written.map(({ name, rows: expected }) => expectedPlain(name, expected)),
        expectedPlain('up.csv', uploaded),
      ]);
      await expectNothingLeaked({ database, directory });
    });
  }, 120_000);

  it(`B1 I1 in silence, in mid-COPY: another replica finishes the file within ${TAKEN_OVER_WITHIN_MS / 1000} s, and the loader gives up by itself`, async ({
    expect,
  }) => {
    await inPlace(async (place) => {
      const { database, directory, proxy, behindProxy: cutOff } = place;
      const hold = await heldInTheMiddle(place);
      const other = await startTestService({ directory, database, env: ENV });
      try {
        proxy.silence();
        const silentSince = performance.now();
        // The server begins the COPY, and not a row of it comes.
        await hold.release();
        expect(await settledFile(database, 'large.csv', TAKEN_OVER_WITHIN_MS)).toMatchObject({
          status: 'loaded',
          attempts: 2,
          failures: 0,
        });
        await eventually(
          () => expect(cutOff.logLines.join('')).toContain('what was being loaded is rolled back'),
          NOTICED_WITHIN_MS - (performance.now() - silentSince),
        );
        proxy.restore();
        await other.close();
        writeFileSync(join(directory, 'after.csv'), plainFile({ tag: 'after', to: 10 }));
        expect(await settledFile(database, 'after.csv')).toMatchObject({ status: 'loaded', failures: 0 });
        await expectExactly(database, [
          expectedPlain('large.csv', LARGE),
          expectedPlain('after.csv', { tag: 'after', to: 10 }),
        ]);
        expect((await ledgerRows(database)).map(({ attempts }) => attempts)).toEqual([2, 1]);
        await expectNothingLeaked({ database, directory });
      } finally {
        await other.close();
      }
    });
  }, 120_000);
});
