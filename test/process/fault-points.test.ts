import { readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { expectAccounting, expectExactly } from '../support/exact-load.ts';
import type { ExpectedFile } from '../support/expected-events.ts';
import { expectNothingLeaked } from '../support/leaks.ts';
import { ledgerRows } from '../support/ledger.ts';
import { expectedPlain, plainFile } from '../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createTestDirectory, startTestService } from '../support/service.ts';
import { spawnService } from '../support/sluice-process.ts';

/** Deaths at once: most of the time of one is waiting, for a process to start or a lease to run out. */
const AT_ONCE = 3;
/** What is left in the spool is taken for abandoned after a quarter of an hour. */
const LONG_AGO = new Date(Date.now() - 3600 * 1000);

const LOAD_POINTS = [
  ...['register.before', 'register.after', 'claim.before', 'claim.after'],
  ...['load.begin.before', 'load.begin.after', 'load.copy.middle', 'load.copy.after'],
  ...['load.ledger.before', 'load.ledger.after', 'load.commit.before', 'load.commit.after'],
];
/** Those at which a portion differs from a file. */
const PORTION_POINTS = ['claim.after', 'load.copy.middle', 'load.copy.after', 'load.ledger.after', 'load.commit.after'];
const UPLOAD_POINTS = [
  ...['spool.link.before', 'spool.link.after', 'spool.unlink.before', 'spool.unlink.after'],
  ...['upload.insert.before', 'upload.insert.after', 'upload.commit.before', 'upload.commit.after', 'reply.before'],
];
const ARCHIVE_POINTS = [
  ...['archive.link.before', 'archive.link.after', 'archive.aside.before', 'archive.aside.after'],
  ...['archive.unlink.before', 'archive.unlink.after'],
];

interface Place {
  readonly database: TestDatabase;
  readonly directory: string;
}

/** A file, or several of them, on the way on which a process dies. */
interface Cargo {
  readonly files: readonly { readonly name: string; readonly tag: string; readonly to: number }[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Too large to share a loader, and with a commit in the middle. */
const ORDINARY: Cargo = { files: [{ name: 'ordinary.csv', tag: 'ordinary', to: 2500 }], env: { COMMIT_ROWS: '1000' } };
const PORTION: Cargo = {
  files: Array.from({ length: 20 }, (_, n) => ({ name: `${n}.csv`, tag: `small ${n}`, to: 25 + n })),
};
const ARCHIVED: Cargo = {
  files: [{ name: 'kept.csv', tag: 'kept', to: 40 }],
  env: { AFTER_LOAD: 'archive', RESCAN_MS: '300' },
};
const UPLOADED = { tag: 'uploaded', to: 60 };

const expected = ({ files }: Cargo): ExpectedFile[] =>
  files.map(({ name, tag, to }) => expectedPlain(name, { tag, to, badEvery: 9 }));

async function inPlace(use: (place: Place) => Promise<void>): Promise<void> {
  const place = { database: await createTestDatabase(), directory: await createTestDirectory() };
  try {
    await use(place);
  } finally {
    await place.database.drop();
    await rm(place.directory, { recursive: true, force: true });
  }
}

/** Runs the same for all points, some at a time; a failure names its point. */
async function atEach(points: readonly string[], run: (point: string) => Promise<void>): Promise<void> {
  const waiting = [...points];
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (let point = waiting.shift(); point !== undefined; point = waiting.shift()) {
      const at = point;
      await run(at).catch((error: unknown) => {
        throw new Error(`at ${at}: ${error instanceof Error ? error.message : error}`, { cause: error });
      });
    }
  });
  // All of them to their end: what goes on behind a test takes the next one with it.
  const failures = (await Promise.allSettled(workers)).filter((each) => each.status === 'rejected');
  if (failures[0] !== undefined) throw failures[0].reason;
}

function startWithFault({ database, directory }: Place, fault: string, env: Readonly<Record<string, string>> = {}) {
  return spawnService({
    databaseUrl: database.connectionString,
    inputDirectory: directory,
    preload: ['points.mjs'],
    env: { SLUICE_FAULT: fault, ...env },
  });
}

async function writeCargo(directory: string, { files }: Cargo): Promise<void> {
  await Promise.all(
    files.map(({ name, tag, to }) => writeFile(join(directory, name), plainFile({ tag, to, badEvery: 9 }))),
  );
}

async function dies(service: ReturnType<typeof startWithFault>, point: string): Promise<void> {
  expect(await service.exited, service.stdout + service.stderr).toEqual({ code: null, signal: 'SIGKILL' });
  expect(service.stderr).toContain(`fault ${point} kill\n`);
}

/** The next start finishes what the dead one had begun, whatever that was. */
async function expectFinished(place: Place, cargo: Cargo): Promise<void> {
  await expectAccounting(place.database);
  const next = await startTestService({ ...place, ...(cargo.env === undefined ? {} : { env: cargo.env }) });
  try {
    await eventually(async () => {
      const statuses = (await ledgerRows(place.database)).map(({ status }) => status);
      expect(statuses).toEqual(cargo.files.map(() => 'loaded'));
    });
    await expectExactly(place.database, expected(cargo));
    await expectNothingLeaked(place);
  } finally {
    await next.close();
  }
}

describe('A2 SIGKILL at each named point', () => {
  it.each([
    ['a file', ORDINARY, LOAD_POINTS],
    ['a portion of small files', PORTION, PORTION_POINTS],
  ])(
    'A2 I1 I2 I3 on the way of %s loses nothing and doubles nothing',
    async (_, cargo, points) => {
      await atEach(points, (point) =>
        inPlace(async (place) => {
          await writeCargo(place.directory, cargo);
          await dies(startWithFault(place, `${point}:kill`, cargo.env), point);
          await expectFinished(place, cargo);
        }),
      );
    },
    120_000,
  );

  it('A2 I1 I4 on the way of an upload leaves it to the client to send it again, and it is loaded once', async () => {
    await atEach(UPLOAD_POINTS, (point) =>
      inPlace(async (place) => {
        const service = startWithFault(place, `${point}:kill`);
        const body = plainFile(UPLOADED);
        const send = (url: string) => fetch(`${url}/uploads/up.csv?wait=20`, { method: 'PUT', body });
        const url = await service.ready();
        // No reply: the client can't know, and must be able to do the same again.
        await expect(send(url)).rejects.toThrow();
        await dies(service, point);
        const spooled = await readdir(join(place.directory, '.uploads'));
        await Promise.all(spooled.map((name) => utimes(join(place.directory, '.uploads', name), LONG_AGO, LONG_AGO)));

        const next = await startTestService(place);
        try {
          const reply = await send(next.url);
          expect(reply.status).toBe(200);
          await eventually(async () => {
            const statuses = (await ledgerRows(place.database)).map(({ status }) => status);
            expect(statuses.filter((status) => status !== 'duplicate')).toEqual(['loaded']);
          });
          await expectExactly(place.database, [expectedPlain('up.csv', UPLOADED)], { byName: false });
          await expectNothingLeaked(place);
        } finally {
          await next.close();
        }
      }),
    );
  }, 120_000);

  it('A2 I1 while a loaded file is archived keeps it in the folder or in the archive, and its rows once', async () => {
    await atEach(ARCHIVE_POINTS, (point) =>
      inPlace(async (place) => {
        await writeCargo(place.directory, ARCHIVED);
        await dies(startWithFault(place, `${point}:kill`, ARCHIVED.env), point);
        await expectFinished(place, ARCHIVED);
        expect((await readdir(place.directory)).filter((name) => name.endsWith('.csv'))).toEqual([]);
        const archived = await readdir(join(place.directory, '.archive'), { recursive: true });
        expect(archived.map((path) => basename(path))).toContain('kept.csv');
      }),
    );
  }, 60_000);
});
