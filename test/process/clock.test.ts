import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { expectExactly } from '../support/exact-load.ts';
import { settledRows } from '../support/ledger.ts';
import { expectedPlain, plainFile } from '../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestDirectory } from '../support/service.ts';
import { type SluiceProcess, spawnService } from '../support/sluice-process.ts';

const HOUR_MS = 3_600_000;
const FILES = 60;

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

function start(env: Readonly<Record<string, string>>): SluiceProcess {
  const databaseUrl = database.connectionString;
  const preload = ['clock.mjs'];
  return spawnService({ databaseUrl, inputDirectory: directory, preload, env: { RESCAN_MS: '300', ...env } });
}

/** Every number below a reply that says how long something took or how old it is. */
function spans(value: unknown, key = ''): number[] {
  if (typeof value === 'number') return /Ms$|Seconds$|perSecond/i.test(key) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => spans(inner, name));
}

describe('replicas whose clocks do not agree', () => {
  it('B8 I1 I2 one an hour ahead and then an hour behind, in another zone: nothing is lost or doubled, and no time in a reply is negative', async () => {
    const replicas = [
      start({ TZ: 'America/New_York' }),
      start({
        TZ: 'Asia/Kathmandu',
        SLUICE_CLOCK_SHIFT_MS: String(HOUR_MS),
        SLUICE_CLOCK_STEP_MS: String(-2 * HOUR_MS),
        SLUICE_CLOCK_STEP_AFTER_MS: '2500',
      }),
    ];
    const urls = await Promise.all(replicas.map((replica) => replica.ready()));
    const ask = async () => {
      for (const url of urls) {
        for (const path of ['/ingestion/stats', '/ingestion/files', '/health']) {
          const reply = await (await fetch(`${url}${path}`)).json();
          expect(spans(reply).filter((span) => span < 0)).toEqual([]);
        }
      }
    };
    const files = Array.from({ length: FILES }, (_, n) => ({
      name: `${n}.csv`,
      rows: { tag: `f${n}`, to: n % 10 === 0 ? 3000 : 50, badEvery: 11 },
    }));
    for (const [n, { name, rows }] of files.entries()) {
      writeFileSync(join(directory, name), plainFile(rows));
      if (n % 10 === 0) await ask();
    }
    // Behind the step of the clock as well.
    const age = async () =>
      (await database.query('select now() - min(discovered_at) > $1 as old from source_files', ['3 s']))[0];
    await eventually(async () => expect(await age()).toEqual({ old: true }));
    files.push({ name: 'late.csv', rows: { tag: 'late', to: 50, badEvery: 11 } });
    writeFileSync(join(directory, 'late.csv'), plainFile({ tag: 'late', to: 50, badEvery: 11 }));
    for (const [n, url] of urls.entries()) {
      const sent = { name: `sent-${n}.csv`, rows: { tag: `sent${n}`, to: 30, badEvery: 7 } };
      const reply = await fetch(`${url}/uploads/${sent.name}?wait=20`, { method: 'PUT', body: plainFile(sent.rows) });
      expect(reply.status).toBe(200);
      files.push(sent);
    }
    const rows = await settledRows(database, files.length);
    expect(rows.filter(({ status, failures }) => status !== 'loaded' || failures > 0)).toEqual([]);
    await ask();
    await expectExactly(
      database,
      files.map(({ name, rows: expected }) => expectedPlain(name, expected)),
    );
  });
});
