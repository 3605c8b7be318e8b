import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectExactly } from '../../support/exact-load.ts';
import { settledRows } from '../../support/ledger.ts';
import { expectedPlain, plainFile } from '../../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { createTestDirectory } from '../../support/service.ts';
import { type SluiceProcess, spawnService } from '../../support/sluice-process.ts';
import { canMount, insideOf, onTmpfs } from '../../support/tmpfs.ts';

const MIB = 1024 * 1024;

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

const spawnHere = (options: Partial<Parameters<typeof spawnService>[0]>) =>
  spawnService({ databaseUrl: database.connectionString, inputDirectory: directory, ...options });
const codes = (replies: readonly request.Response[]) => replies.map(({ status, body }) => [status, body.code]);

describe.skipIf(!canMount)('E8 a folder on a disk of 8 MiB', () => {
  const pidOf = (service: SluiceProcess) => service.child.pid ?? 0;
  const inside = (service: SluiceProcess, folder = '') => readdir(join(insideOf(pidOf(service), directory), folder));
  const remount = (service: SluiceProcess, how: 'ro' | 'rw') => {
    const { status, stderr } = spawnSync('nsenter', [
      ...['-t', String(pidOf(service)), '-m', 'mount', '-o', `remount,${how}`, directory],
    ]);
    expect(status, String(stderr)).toBe(0);
  };

  it('an upload that does not fit is 507, file or form, leaves nothing, and the next one that fits is loaded', async () => {
    const service = spawnHere({ wrapper: onTmpfs(directory, '8m') });
    const url = (await service.ready()).replace('localhost', '127.0.0.1');
    const large = Buffer.alloc(12 * MIB, 'x');
    const small = { tag: 'fits', to: 20 };
    const replies = [
      await request(url).put('/uploads/large.csv').send(large),
      await request(url)
        .post('/uploads')
        .attach('a', Buffer.from(plainFile({ tag: 'beside', to: 5 })), 'beside.csv')
        .attach('b', large, 'large.csv'),
      await request(url).put('/uploads/large.csv').send(large),
    ];
    expect(codes(replies)).toEqual(replies.map(() => [507, 'disk_full']));
    expect(await inside(service)).toEqual(['.uploads']);
    expect(await inside(service, '.uploads')).toEqual([]);
    await request(url).get('/health').expect(200);
    await request(url)
      .put('/uploads/fits.csv?wait=30')
      .send(Buffer.from(plainFile(small)))
      .expect(200);
    await expectExactly(database, [expectedPlain('fits.csv', small)]);
  });

  it('of many at once those that fit are loaded, the others are told 507, and no half of one stays', async () => {
    const service = spawnHere({ wrapper: onTmpfs(directory, '8m') });
    const url = (await service.ready()).replace('localhost', '127.0.0.1');
    // 1.6 MiB each: at most four fit together.
    const tags = Array.from({ length: 8 }, (_, n) => ({ tag: `many ${n}`, to: 16_000 }));
    const replies = await Promise.all(
      tags.map((rows, n) =>
        request(url)
          .put(`/uploads/many-${n}.csv`)
          .send(Buffer.from(plainFile(rows))),
      ),
    );
    const isTaken = (n: number) => replies[n]?.status === 202;
    expect(replies.filter(({ status }) => status !== 202 && status !== 507)).toEqual([]);
    expect(replies.some(({ status }) => status === 507)).toBe(true);
    const taken = tags.flatMap((rows, n) => (isTaken(n) ? [expectedPlain(`many-${n}.csv`, rows)] : []));
    await settledRows(database, taken.length);
    await expectExactly(database, taken);
    expect((await inside(service)).sort()).toEqual(['.uploads', ...taken.map(({ name }) => name)].sort());
    expect(await inside(service, '.uploads')).toEqual([]);
  });

  it('one that becomes read-only is 503 until it can be written again', async () => {
    const service = spawnHere({ wrapper: onTmpfs(directory, '8m') });
    const url = (await service.ready()).replace('localhost', '127.0.0.1');
    const rows = { tag: 'read-only', to: 3 };
    const send = () =>
      request(url)
        .put('/uploads/again.csv?wait=30')
        .send(Buffer.from(plainFile(rows)));
    remount(service, 'ro');
    const refused = await send();
    expect(codes([refused])).toEqual([[503, 'input_unavailable']]);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    remount(service, 'rw');
    await send().expect(200);
    await expectExactly(database, [expectedPlain('again.csv', rows)]);
  });
});

describe('E8 a spool in which nothing can be opened', () => {
  it('is 507 where there is no room and 503 where it is closed to us, and goes on as soon as it can', async () => {
    const elsewhere = await createTestDirectory();
    const trigger = join(elsewhere, 'error');
    try {
      const service = spawnHere({ preload: ['spool-errors.mjs'], env: { SLUICE_SPOOL_ERROR_FILE: trigger } });
      const url = (await service.ready()).replace('localhost', '127.0.0.1');
      const rows = { tag: 'later', to: 3 };
      const put = () =>
        request(url)
          .put('/uploads/later.csv?wait=30')
          .send(Buffer.from(plainFile(rows)));
      const form = () =>
        request(url)
          .post('/uploads')
          .attach('file', Buffer.from(plainFile(rows)), 'later.csv');
      for (const [code, status, name] of [
        ['ENOSPC', 507, 'disk_full'],
        ['EDQUOT', 507, 'disk_full'],
        ['EACCES', 503, 'input_unavailable'],
        ['EROFS', 503, 'input_unavailable'],
        ['EMFILE', 503, 'busy'],
      ] as const) {
        writeFileSync(trigger, code);
        expect(codes([await put(), await form()]), code).toEqual([
          [status, name],
          [status, name],
        ]);
      }
      await rm(trigger);
      expect(await readdir(join(directory, '.uploads'))).toEqual([]);
      await put().expect(200);
      await expectExactly(database, [expectedPlain('later.csv', rows)]);
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });
});
