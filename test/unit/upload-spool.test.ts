import { createHash } from 'node:crypto';
import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { UploadSpool, UploadTooLargeError } from '../../src/ingest/sources/upload-spool.ts';
import { createTestDirectory } from '../support/service.ts';

let directory: string;
let spool: UploadSpool;
const spooled = () => readdir(join(directory, '.uploads'));

beforeEach(async () => {
  directory = await createTestDirectory();
  spool = new UploadSpool({ inputDirectory: directory, maxBytes: 1000 });
});
afterEach(async () => await rm(directory, { recursive: true, force: true }));

async function* pieces(...contents: (string | Error)[]): AsyncGenerator<Buffer> {
  for (const content of contents) {
    if (content instanceof Error) throw content;
    yield Buffer.from(content);
  }
}

describe('receiving', () => {
  test('keeps the bytes under a hidden name, with their number and digest', async () => {
    const upload = await spool.receive('../a.csv', pieces('one ', 'two'));
    expect(upload).toMatchObject({
      name: 'a.csv',
      sizeBytes: 7,
      sha256: createHash('sha256').update('one two').digest('hex'),
    });
    expect(await readFile(upload.spoolPath, 'utf8')).toBe('one two');
    expect(await readdir(directory)).toEqual(['.uploads']);
    await spool.discard([upload]);
    expect(await spooled()).toEqual([]);
  });

  test('takes exactly the limit, counted together with what the request has brought before', async () => {
    await expect(spool.receive('a.csv', pieces('x'.repeat(1000)))).resolves.toMatchObject({ sizeBytes: 1000 });
    await expect(spool.receive('a.csv', pieces('x'.repeat(400)), 600)).resolves.toMatchObject({ sizeBytes: 400 });
    await expect(spool.receive('a.csv', pieces('x'.repeat(401)), 600)).rejects.toThrow(UploadTooLargeError);
    await expect(spool.receive('a.csv', pieces('x'.repeat(600), 'x'.repeat(401)))).rejects.toThrow(UploadTooLargeError);
    expect(await spooled()).toHaveLength(2);
  });

  test('reads no further once the limit is passed', async () => {
    let taken = 0;
    async function* endless() {
      for (;;) {
        taken += 1;
        yield Buffer.alloc(300);
      }
    }
    await expect(spool.receive('a.csv', endless())).rejects.toThrow(UploadTooLargeError);
    expect(taken).toBeLessThan(10);
  });

  test.each([0, 1, 3])('leaves nothing where the body breaks off after %i pieces, however quickly', async (whole) => {
    const contents = Array.from({ length: whole }, () => 'x');
    const attempts = Array.from({ length: 100 }, async () => {
      await expect(spool.receive('a.csv', pieces(...contents, new Error('broken off')))).rejects.toThrow('broken off');
    });
    await Promise.all(attempts);
    expect(await spooled()).toEqual([]);
  });

  test('leaves nothing where the stream was destroyed before it was read', async () => {
    const body = new Readable({ read() {} });
    body.on('error', () => {}).destroy(new Error('gone'));
    await expect(spool.receive('a.csv', body)).rejects.toThrow();
    expect(await spooled()).toEqual([]);
  });
});

describe('what is left half received', () => {
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

  test('by a process that is gone is removed after a quarter of an hour, and nothing else is', async () => {
    const gone = new UploadSpool({ inputDirectory: directory, maxBytes: 1000 });
    const old = await gone.receive('old.csv', pieces('old'));
    const young = await gone.receive('young.csv', pieces('young'));
    await utimes(old.spoolPath, minutesAgo(16), minutesAgo(16));
    await utimes(young.spoolPath, minutesAgo(14), minutesAgo(14));
    await writeFile(join(directory, 'events.csv'), 'not in the spool');
    await utimes(join(directory, 'events.csv'), minutesAgo(16), minutesAgo(16));

    await spool.purge();
    expect((await spooled()).map((name) => join(directory, '.uploads', name))).toEqual([young.spoolPath]);
    expect(await readdir(directory)).toContain('events.csv');
  });

  test('is dated by the file system: a process whose clock is an hour ahead takes nothing of another one away', async () => {
    const other = new UploadSpool({ inputDirectory: directory, maxBytes: 1000 });
    const fresh = await other.receive('fresh.csv', pieces('fresh'));
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    try {
      await spool.purge();
    } finally {
      vi.useRealTimers();
    }
    expect(await readFile(fresh.spoolPath, 'utf8')).toBe('fresh');
  });

  test('by a client that is slow stays, also for other replicas: its process gives a sign of life', async () => {
    const first = await spool.receive('first.csv', pieces('the first file of a form whose second one takes hours'));
    await utimes(first.spoolPath, minutesAgo(600), minutesAgo(600));
    await spool.purge();
    await new UploadSpool({ inputDirectory: directory, maxBytes: 1000 }).purge();
    expect(await readFile(first.spoolPath, 'utf8')).toContain('hours');
    await spool.discard([first]);
    expect(await spooled()).toEqual([]);
  });
});

test('a folder without a spool has nothing to remove', async () => {
  await expect(spool.purge()).resolves.toBeUndefined();
});
