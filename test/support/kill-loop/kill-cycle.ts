import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { createRandom, type Random } from '../../../src/generator/random.ts';
import { eventually } from '../eventually.ts';
import { differencesFrom, expectAccounting } from '../exact-load.ts';
import type { ExpectedFile } from '../expected-events.ts';
import { expectNothingLeaked } from '../leaks.ts';
import type { OwnCluster } from '../own-cluster.ts';
import type { TestDatabase } from '../postgres.ts';
import { createTestDirectory } from '../service.ts';
import { ReplicaSet } from './replica-set.ts';
import type { Tally } from './tally.ts';
import { WrittenFiles } from './written-files.ts';

const SETTLED_WITHIN_MS = 120_000;
const DIFFERENCES_COUNTED = 100_000;
const LONGEST_FREEZE_MS = 6000;
const BACKENDS_CHOSEN_FROM = 4;
const SESSION_WITHIN_MS = 60_000;

/**
 * One cycle of the kill loop: replicas of one folder and database, files that keep coming by every way, and `faults`
 * faults at random moments; then everything has to be in, exactly once, each row accounted for. The seed decides files and
 * faults; which moment of a load a fault meets is up to the machine.
 */
export async function runKillCycle(options: {
  readonly postgres: OwnCluster;
  readonly seed: number;
  readonly faults: number;
  readonly tally: Tally;
}): Promise<void> {
  const { postgres, seed, faults, tally } = options;
  const random = createRandom(`${seed}/kill-cycle`);
  const database = await postgres.createDatabase();
  const directory = await createTestDirectory();
  const keeps = random.chance(60);
  const replicas = new ReplicaSet({
    random: createRandom(`${seed}/replicas`),
    size: 2 + random.below(2),
    databaseUrl: database.connectionString,
    directory,
    env: {
      LOADERS: String(1 + random.below(2)),
      SETTLE_MS: '100',
      RESCAN_MS: '500',
      COMMIT_ROWS: '1000',
      AFTER_LOAD: keeps ? 'keep' : 'archive',
      LOG_LEVEL: 'error',
    },
    onReady: (afterMs) => tally.readyMs.push(afterMs),
  });
  const files = new WrittenFiles(createRandom(`${seed}/files`), directory, replicas.address);
  try {
    await replicas.someReady();
    for (let fault = 0; fault < faults; fault += 1) {
      for (let n = 1 + random.below(4); n > 0; n -= 1) files.deliver({ mayGrow: keeps });
      await delay(50 + random.below(700));
      await strike({ random, postgres, replicas, database, tally });
    }
    const struck = performance.now();
    await files.delivered();
    const late = await untilAllIn(database, files).then(
      () => undefined,
      (error: unknown) => error,
    );
    tally.settledMs.push(performance.now() - struck);
    await check(database, files.expected, tally);
    // Behind the check, which counts what is lost.
    if (late !== undefined) throw late;
    expect(replicas.ownEnds, 'a server ended by itself').toEqual([]);
    // Those that live finish what the killed ones had begun with the files; what had no name yet is removed after a quarter of an hour,
    // and that has a test of its own.
    await replicas.allReady();
    await removeUnnamed(directory);
    await expectNothingLeaked({ database, directory, replicas: replicas.size });
    const ends = await replicas.stop();
    expect(ends).toEqual(ends.map(() => 0));
    expect(replicas.complaints).toEqual([]);
    await expectNothingLeaked({ database, directory, replicas: 0 });
  } finally {
    await replicas.stop();
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  }
  tally.cycles += 1;
}

/** 34 servers to 4 backends to 1 postmaster, and one that freezes now and then. */
async function strike(at: {
  readonly random: Random;
  readonly postgres: OwnCluster;
  readonly replicas: ReplicaSet;
  readonly database: TestDatabase;
  readonly tally: Tally;
}): Promise<void> {
  const { random, postgres, replicas, database, tally } = at;
  const chosen = random.below(1000);
  if (chosen < 100) {
    await replicas.someReady();
    await killBackend(postgres, random);
    tally.backendKills += 1;
  } else if (chosen < 126) {
    await postgres.killPostmaster();
    await postgres.restart();
    tally.postmasterKills += 1;
  } else if (chosen < 150) {
    replicas.freezeOne(random.below(LONGEST_FREEZE_MS));
    tally.freezes += 1;
  } else {
    const loading = await database
      .query(`select 1 from source_files where status = 'loading' limit 1`)
      // It may be recovering from the fault before.
      .catch(() => []);
    await replicas.killOne();
    tally.serverKills += 1;
    if (loading.length > 0) tally.killsInMidLoad += 1;
  }
}

/** A loader at work before others; the server ends all sessions then, and recovers. */
async function killBackend(postgres: OwnCluster, random: Random): Promise<void> {
  const chosen = random.below(BACKENDS_CHOSEN_FROM);
  // It may be recovering from the fault before, or the chosen one may have ended a moment ago.
  await eventually(async () => {
    const backends = await postgres.backends();
    const pid = backends[chosen % Math.max(1, backends.length)];
    if (pid === undefined) throw new Error('no server has a session');
    process.kill(pid, 'SIGKILL');
  }, SESSION_WITHIN_MS);
}

/** Every file is in the ledger and at its end, and nothing comes behind it: a copy that came last may be no row more. */
async function untilAllIn(database: TestDatabase, files: WrittenFiles): Promise<void> {
  const wanted = files.expected.reduce((sum, { events }) => sum + events.length, 0);
  await eventually(async () => {
    const [found] = await database.query<{ rows: number; open: number; unseen: number }>(
      `select (select count(*)::int from user_events) as rows,
              (select count(*)::int from source_files where status in ('queued', 'loading')) as open,
              (select count(*)::int from unnest($1::text[]) as name
                where not exists (select 1 from source_files f where f.name = name.name)) as unseen`,
      [files.names],
    );
    if (found?.open === 0 && found.unseen === 0 && found.rows >= wanted) return;
    throw new Error(
      `${found?.rows} rows of ${wanted} are in, ${found?.open} files are open, ${found?.unseen} not in the ledger`,
    );
  }, SETTLED_WITHIN_MS);
}

async function removeUnnamed(directory: string): Promise<void> {
  await rm(join(directory, '.uploads'), { recursive: true, force: true });
  for (const folder of [directory, join(directory, '.archive')]) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names) if (name.startsWith('.sluice-temporary-')) await rm(join(folder, name), { force: true });
  }
}

async function check(database: TestDatabase, expected: readonly ExpectedFile[], tally: Tally): Promise<void> {
  const differences = await differencesFrom(database, expected, { byName: false, limit: DIFFERENCES_COUNTED });
  const [ledger] = await database.query<{ files: number; rows: number; rejected: number; repeated: number }>(`
    select count(*)::int as files, sum(rows_loaded)::int as rows, sum(rows_rejected)::int as rejected,
           sum(attempts - 1)::int as repeated
      from source_files`);
  tally.files += ledger?.files ?? 0;
  tally.rows += ledger?.rows ?? 0;
  tally.rejected += ledger?.rejected ?? 0;
  tally.repeated += ledger?.repeated ?? 0;
  tally.lost += differences.missingEvents.length + differences.missingRejects.length;
  tally.duplicated += differences.surplusEvents.length + differences.surplusRejects.length;
  const shown = Object.fromEntries(Object.entries(differences).map(([name, rows]) => [name, rows.slice(0, 5)]));
  expect(shown).toEqual({ missingEvents: [], surplusEvents: [], missingRejects: [], surplusRejects: [] });
  await expectAccounting(database);
  const failed = await database.query(
    `select name, error_code, error_message from source_files where status = 'failed'`,
  );
  expect(failed).toEqual([]);
}
