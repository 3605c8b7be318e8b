import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import request from 'supertest';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ExplanationReply } from '../../../src/http/schemas/explanation.ts';
import { eventually } from '../../support/eventually.ts';
import { release, revert, upload } from '../../support/file-calls.ts';
import { HeldLoads } from '../../support/held-loads.ts';
import { HeldRegistrations } from '../../support/held-registrations.ts';
import { settledFile, settledVersions } from '../../support/ledger.ts';
import { plainFile } from '../../support/plain-events.ts';
import { createTestDirectory, startTestService, type TestService } from '../../support/service.ts';
import { SluiceProcess } from '../../support/sluice-process.ts';

let parent: string;
let directory: string;
let service: TestService;

async function start(env: Record<string, string> = {}): Promise<void> {
  parent = await createTestDirectory();
  directory = join(parent, 'folder');
  await mkdir(directory);
  // As an administrator may have it: the configured path leads to the folder, and is not what the ledger knows.
  await symlink(directory, join(parent, 'link'));
  service = await startTestService({ directory, env: { INPUT_DIR: join(parent, 'link'), ...env } });
}

async function stop(): Promise<void> {
  await service.close();
  await rm(parent, { recursive: true, force: true });
}

async function explain(query: { path: string } | { name: string }): Promise<ExplanationReply> {
  const reply = await request(service.url).get('/ingestion/explain').query(query);
  expect(reply.status, JSON.stringify(reply.body)).toBe(200);
  return reply.body;
}

const put = (name: string, content: string) => writeFile(join(directory, name), content);

describe('GET /ingestion/explain, of a file that has come to its end', () => {
  beforeAll(() => start());
  afterAll(stop);

  test('loaded: when, how many rows, and where its rejects are', async () => {
    await put('shop.csv', plainFile({ tag: 'shop', to: 10, badEvery: 5 }));
    const { id } = await settledFile(service.database, 'shop.csv');
    const reply = await explain({ name: 'shop.csv' });
    expect(reply).toMatchObject({
      path: join(directory, 'shop.csv'),
      name: 'shop.csv',
      verdict: 'loaded',
      rule: null,
      queuedBehind: null,
      file: { fileId: id, rowsLoaded: 8, rowsRejected: 2 },
      otherVersions: [],
    });
    expect(reply.explanation).toBe(
      `shop.csv (file ${id}) was loaded at ${reply.file?.finishedAt}: 8 rows; 2 of 10 rows were rejected. See which: GET /ingestion/files/${id}/rejects.`,
    );
  });

  test.each([
    ['relative to the folder', () => 'shop.csv'],
    ['absolute', () => join(directory, 'shop.csv')],
    ['through the configured link', () => join(parent, 'link', 'shop.csv')],
    ['with .. in it', () => `${directory}/nowhere/../../folder/./shop.csv`],
  ])('the path may be %s', async (_, path) => {
    expect(await explain({ path: path() })).toMatchObject({ path: join(directory, 'shop.csv'), verdict: 'loaded' });
  });

  test('a file that is not in the folder any more is answered from the ledger', async () => {
    await put('gone.csv', plainFile({ tag: 'gone', to: 2 }));
    await settledFile(service.database, 'gone.csv');
    await rm(join(directory, 'gone.csv'));
    const { verdict, explanation } = await explain({ path: 'gone.csv' });
    expect(verdict).toBe('loaded');
    expect(explanation).toContain('2 rows, none rejected.');
    expect(explanation).toContain('not in the folder');
  });

  test('duplicate: of which file, and what to do once that one was taken out', async () => {
    const content = plainFile({ tag: 'twice', to: 3 });
    const first = await upload(service.url, 'first.csv', content);
    const second = await upload(service.url, 'second.csv', content);
    const reply = await explain({ name: 'second.csv' });
    expect(reply).toMatchObject({ verdict: 'duplicate', file: { fileId: second.fileId, duplicateOf: first.fileId } });
    expect(reply.explanation).toContain(`the same bytes as first.csv (file ${first.fileId})`);
    await revert(service.url, first.fileId);
    const { explanation } = await explain({ name: 'second.csv' });
    expect(explanation).toContain('whose rows were taken out');
    expect(explanation).toContain(`npm run load -- ${join(directory, 'second.csv')}`);
    const third = await upload(service.url, 'third.csv', content);
    expect(third.status).toBe('loaded');
    for (const name of ['first.csv', 'second.csv']) {
      expect((await explain({ name })).explanation).toContain(
        `loaded again, as third.csv (file ${third.fileId}): 3 rows`,
      );
    }
  });

  test('failed: why, and what to do', async () => {
    await put('headless.csv', 'a,b\n1,2\n');
    const { id, errorMessage } = await settledFile(service.database, 'headless.csv');
    const { verdict, explanation } = await explain({ name: 'headless.csv' });
    expect(verdict).toBe('failed');
    expect(explanation).toContain(`headless.csv (file ${id}) could not be loaded (missing_columns): ${errorMessage}`);
    expect(explanation).toContain('Mend the file');
  });

  test('held, then released', async () => {
    const content = plainFile({ tag: 'held', to: 10, badEvery: 2 });
    const { fileId } = await upload(service.url, 'held.csv', content, '&maxRejectPercent=10');
    const { verdict, explanation } = await explain({ name: 'held.csv' });
    expect(verdict).toBe('held');
    expect(explanation).toContain('5 of 10');
    expect(explanation).toContain(`POST /ingestion/files/${fileId}/release`);
    expect(explanation).toContain(`DELETE /ingestion/files/${fileId}`);
    await release(service.url, fileId);
    await eventually(async () => expect((await explain({ name: 'held.csv' })).verdict).toBe('loaded'));
  });

  test('reverted: when, and how to load it again', async () => {
    const { fileId } = await upload(service.url, 'undone.csv', plainFile({ tag: 'undone', to: 4 }));
    const { body } = await revert(service.url, fileId);
    const reply = await explain({ name: 'undone.csv' });
    expect(reply).toMatchObject({ verdict: 'reverted', file: body });
    expect(reply.explanation).toContain(`4 rows of undone.csv (file ${fileId}) are not in the table any more`);
    expect(reply.explanation).toContain(String(reply.file?.revertedAt));
    expect(reply.explanation).toContain('upload it');
  });

  test('a name that is no UTF-8: it is there, and only another name helps', async () => {
    writeFileSync(
      Buffer.concat([Buffer.from(`${directory}/bad`), Buffer.from([0xff, 0x2e, 0x63, 0x73, 0x76])]),
      'a,b\n',
    );
    await settledFile(service.database, 'bad\\xff.csv');
    const { verdict, explanation } = await explain({ name: 'bad\\xff.csv' });
    expect(verdict).toBe('failed');
    expect(explanation).toMatch(/rename it\. Under another name it is loaded by itself\.$/);
  });

  test('a name that a command has loaded elsewhere does not hide what the folder has under it', async () => {
    const path = join(parent, 'today.csv');
    writeFileSync(path, plainFile({ tag: 'today', to: 2 }));
    const command = new SluiceProcess('cli/load.js', [path], {
      env: { DATABASE_URL: service.database.connectionString },
      cwd: parent,
    });
    expect((await command.exited).code).toBe(0);
    expect(await explain({ name: 'today.csv' })).toMatchObject({ path, verdict: 'loaded' });
    await symlink(path, join(directory, 'today.csv'));
    const reply = await explain({ name: 'today.csv' });
    expect(reply).toMatchObject({ path: join(directory, 'today.csv'), verdict: 'ignored', rule: 'symbolic_link' });
    expect(reply.otherVersions).toHaveLength(1);
  });

  test('another version: the ledger has the old one, the folder the new one, and the next scan finds it', async () => {
    await put('changed.csv', plainFile({ tag: 'old', to: 2 }));
    const old = await settledFile(service.database, 'changed.csv');
    // In the way of every registration, so that the new version is not in the ledger yet.
    const registrations = await HeldRegistrations.hold(service.database);
    try {
      await put('changed.csv', plainFile({ tag: 'new', to: 7 }));
      await eventually(async () => {
        const { verdict, file, explanation } = await explain({ name: 'changed.csv' });
        expect({ verdict, fileId: file?.fileId }).toEqual({ verdict: 'loaded', fileId: old.id });
        expect(explanation).toContain('By now it is another one in the folder');
        expect(explanation).toContain('the next scan of the folder, within 5 s, registers it');
      });
    } finally {
      await registrations.release();
    }
    await eventually(async () => {
      const reply = await explain({ name: 'changed.csv' });
      expect(reply).toMatchObject({ verdict: 'loaded', file: { rowsLoaded: 7, follows: old.id } });
      expect(reply.explanation).not.toContain('By now');
      expect(reply.otherVersions).toEqual([
        { fileId: old.id, status: 'loaded', discoveredAt: expect.stringMatching(/Z$/) },
      ]);
    });
  });

  test('a version that is put back: what the ledger says of that one, not of the newest', async () => {
    await put('restored.csv', plainFile({ tag: 'restored', to: 3 }));
    const { id } = await settledFile(service.database, 'restored.csv');
    await rename(join(directory, 'restored.csv'), join(parent, 'restored.csv'));
    await put('restored.csv', 'a,b\n');
    const [, failed] = await settledVersions(service.database, 'restored.csv', 2);
    expect(await explain({ name: 'restored.csv' })).toMatchObject({ verdict: 'failed', file: { fileId: failed?.id } });
    await rename(join(parent, 'restored.csv'), join(directory, 'restored.csv'));
    const reply = await explain({ name: 'restored.csv' });
    expect(reply).toMatchObject({ verdict: 'loaded', file: { fileId: id }, otherVersions: [{ fileId: failed?.id }] });
    expect(reply.explanation).not.toContain('By now');
  });
});

describe('GET /ingestion/explain, of a file that the ledger does not know', () => {
  // So long that what is written counts as being written until the test is over.
  beforeAll(() => start({ SETTLE_MS: '600000' }));
  afterAll(stop);

  test.each([
    ['.hidden.csv', 'dotfile', 'begins with a dot'],
    ['a.csv.tmp', 'tmp', 'ends in .tmp'],
    ['a.csv.PART', 'part', 'ends in .part'],
    ['a.csv~', 'backup', "an editor's backup"],
    ['a.txt', 'extension', 'does not end in .csv or .csv.gz; rename it'],
  ])('ignored for its name: %s', async (name, rule, words) => {
    await put(name, plainFile({ tag: 'ignored', to: 1 }));
    for (const query of [{ name }, { path: name }]) {
      const reply = await explain(query);
      expect(reply).toMatchObject({ verdict: 'ignored', rule, file: null, path: join(directory, name) });
      expect(reply.explanation).toContain(`${name} is left alone: `);
      expect(reply.explanation).toContain(words);
    }
  });

  test.each([
    ['symbolic_link', 'link.csv', (path: string) => symlink('a.txt', path)],
    ['directory', 'folder.csv', (path: string) => mkdir(path)],
    ['directory', 'folder', (path: string) => mkdir(path)],
    ['not_a_regular_file', 'pipe.csv', async (path: string) => void execFileSync('mkfifo', [path])],
  ])('ignored as a %s: %s', async (rule, name, make) => {
    await make(join(directory, name));
    expect(await explain({ name })).toMatchObject({ verdict: 'ignored', rule, file: null });
  });

  test('settling: how long it has been unchanged, and how long it has to be', async () => {
    await put('growing.csv', plainFile({ tag: 'growing', to: 1 }));
    const first = await explain({ name: 'growing.csv' });
    expect(first).toMatchObject({ verdict: 'settling', rule: null, file: null, path: join(directory, 'growing.csv') });
    expect(first.explanation).toMatch(
      /unchanged for [\d.]+ m?s, and counts as complete after 10 minutes \(SETTLE_MS\)/,
    );
    const minuteAgo = new Date(Date.now() - 90_000);
    await utimes(join(directory, 'growing.csv'), minuteAgo, minuteAgo);
    expect((await explain({ name: 'growing.csv' })).explanation).toMatch(/unchanged for 9\d/);
    // Another host's clock: it is watched for as long.
    const ahead = new Date(Date.now() + 3_600_000);
    await utimes(join(directory, 'growing.csv'), ahead, ahead);
    expect((await explain({ name: 'growing.csv' })).explanation).toMatch(/unchanged for [\d.]+ m?s,/);
  });

  test('never seen: what to do, and names that may have been meant', async () => {
    await put('orders-monday.csv', plainFile({ tag: 'near', to: 1 }));
    await put('.orders-mondax.csv', plainFile({ tag: 'near', to: 1 }));
    const reply = await explain({ name: 'Orders-mondai.csv' });
    expect(reply).toMatchObject({ verdict: 'never_seen', rule: null, file: null, otherVersions: [] });
    expect(reply.explanation).toContain('Did you mean orders-monday.csv? ');
    expect(reply.explanation).toContain(directory);
    expect((await explain({ path: 'nothing-like-it.xls' })).explanation).toContain('does not end in .csv or .csv.gz');
  });

  test('outside: nothing there is looked at, so nobody learns whether it exists', async () => {
    writeFileSync(join(parent, 'there.csv'), plainFile({ tag: 'outside', to: 1 }));
    await symlink(parent, join(directory, 'way-out'));
    await mkdir(join(directory, 'below'));
    const told = async (path: string) => {
      const reply = await explain({ path });
      expect(reply, path).toMatchObject({ verdict: 'outside', rule: null, file: null });
      return reply.explanation.replace(/(not-)?there\.csv/g, 'FILE');
    };
    for (const place of [parent, '..', 'way-out', 'below', '/etc', `${directory}/below/..//way-out/./`]) {
      expect(await told(`${place}/there.csv`)).toBe(await told(`${place}/not-there.csv`));
    }
    expect(await told('below/there.csv')).toContain('folders in it are not looked into');
    for (const path of [directory, '.', '/', '..']) await told(path);
  });

  test.each([
    ['neither', ''],
    ['both', '?name=a.csv&path=a.csv'],
    ['an empty one', '?name='],
    ['a name that is a path', '?name=..%2Fthere.csv'],
    ['the folder above as a name', '?name=..'],
    ['a name with a NUL', '?name=a%00.csv'],
    ['a path with a NUL', '?path=a%00.csv'],
    ['a name twice', '?name=a.csv&name=b.csv'],
    ['a name that no file can have', `?name=${'x'.repeat(256)}`],
    ['a path that no file can have', `?path=${'x'.repeat(4097)}`],
    ['something else', '?file=a.csv'],
  ])('%s is refused', async (_, query) => {
    const { body } = await request(service.url).get(`/ingestion/explain${query}`).expect(400);
    expect(body).toMatchObject({ code: 'invalid_request', detail: expect.stringMatching(/name|path/) });
  });

  test('names that are too long for the system, or no UTF-8, are those of no file', async () => {
    for (const query of [`name=${'%C3%A9'.repeat(200)}`, `path=${'x'.repeat(300)}`, 'name=%ff.csv', 'name=%ED%A0%80']) {
      const { body } = await request(service.url).get(`/ingestion/explain?${query}`).expect(200);
      expect(body.verdict).toBe('never_seen');
    }
  });
});

describe('GET /ingestion/explain, of a file that waits or loads', () => {
  beforeEach(() => start({ LOADERS: '2', COMMIT_ROWS: '500' }));
  afterEach(stop);

  const LARGE = { tag: 'large', to: 6_000 };

  test('loading: since when and how far; queued: behind how many; and behind a twin', async () => {
    const before = await HeldLoads.hold(service.database);
    await put('large.csv', plainFile(LARGE));
    await before.untilHeld();
    const hold = await before.passOneCommit();
    await hold.untilHeld();
    try {
      const loading = await explain({ name: 'large.csv' });
      expect(loading).toMatchObject({ verdict: 'loading', queuedBehind: null });
      expect(loading.file?.rowsRead).toBeGreaterThan(0);
      expect(loading.explanation).toContain(`has been loading since ${loading.file?.startedAt}`);
      expect(loading.explanation).toContain(`${loading.file?.rowsRead} rows and ${loading.file?.bytesCommitted} of`);

      await put('twin.csv', plainFile(LARGE));
      await eventually(async () => {
        const twin = await explain({ name: 'twin.csv' });
        expect(twin.verdict).toBe('queued');
        expect(twin.explanation).toContain(`probably waits for large.csv (file ${loading.file?.fileId})`);
        expect(twin.explanation).toMatch(/tried again at \S+Z/);
      });

      // Takes the second loader for good; what comes behind it waits.
      await put('other.csv', plainFile({ tag: 'other', to: 5_000 }));
      await eventually(async () => expect((await explain({ name: 'other.csv' })).verdict).toBe('loading'));
      for (const name of ['next-1.csv', 'next-2.csv', 'next-3.csv']) {
        await put(name, plainFile({ tag: name, to: 2 }));
        await eventually(async () => expect((await explain({ name })).verdict).toBe('queued'));
      }
      await eventually(async () => {
        const waiting = await Promise.all(
          ['next-1.csv', 'next-2.csv', 'next-3.csv', 'twin.csv'].map((name) => explain({ name })),
        );
        for (const { queuedBehind, explanation, file } of waiting) {
          expect(file?.status).toBe('queued');
          expect(explanation).toContain(queuedBehind === 0 ? 'No file is before it' : `${queuedBehind} file`);
          expect(explanation).toMatch(/has been waiting since \S+Z/);
        }
        // The twin has a place among them, but which one depends on when it was put back.
        const [first, second, third, twin] = waiting.map(({ queuedBehind }) => queuedBehind ?? -1);
        expect([first, second, third]).toEqual([0, 1, 2, 3].filter((place) => place !== twin));
      });
    } finally {
      await hold.release();
    }
    await eventually(async () => {
      expect((await explain({ name: 'twin.csv' })).verdict).toBe('duplicate');
      expect((await explain({ name: 'next-3.csv' })).verdict).toBe('loaded');
    });
  });

  test('complete, but not in the ledger: the next scan registers it', async () => {
    const registrations = await HeldRegistrations.hold(service.database);
    try {
      await put('complete.csv', plainFile({ tag: 'complete', to: 1 }));
      await eventually(async () => {
        const reply = await explain({ name: 'complete.csv' });
        expect(reply).toMatchObject({ verdict: 'settling', file: null });
        expect(reply.explanation).toBe(
          'complete.csv is complete, and the next scan of the folder, within 5 s, registers it.',
        );
      });
    } finally {
      await registrations.release();
    }
    await eventually(async () => expect((await explain({ name: 'complete.csv' })).verdict).toBe('loaded'));
  });

  test('named on the command line of a process that has died: the command has to be given again', async () => {
    const path = join(parent, 'elsewhere.csv');
    writeFileSync(path, plainFile({ tag: 'cli', to: 10 }));
    const hold = await HeldLoads.hold(service.database);
    try {
      const command = new SluiceProcess('cli/load.js', [path], {
        env: { DATABASE_URL: service.database.connectionString },
        cwd: parent,
      });
      await eventually(async () => {
        expect(await explain({ path })).toMatchObject({ path, verdict: 'loading', file: { origin: 'cli' } });
      });
      command.child.kill('SIGKILL');
      await eventually(async () => {
        const { explanation } = await explain({ name: 'elsewhere.csv' });
        expect(explanation).toContain('the command that named it has ended');
        expect(explanation).toContain(`npm run load -- ${path}`);
      });
    } finally {
      await hold.release();
    }
  });

  test('while the folder is away only the ledger answers', async () => {
    await put('known.csv', plainFile({ tag: 'known', to: 1 }));
    await settledFile(service.database, 'known.csv');
    await rename(directory, `${directory}-away`);
    const { verdict, explanation } = await explain({ name: 'known.csv' });
    expect(verdict).toBe('loaded');
    expect(explanation).toContain('can not be looked at (ENOENT)');
    const { body, headers } = await request(service.url).get('/ingestion/explain?name=unknown.csv').expect(503);
    expect(body).toMatchObject({ code: 'input_unavailable', detail: expect.stringContaining(directory) });
    expect(headers['retry-after']).toBe('5');
    await rename(`${directory}-away`, directory);
    expect(await explain({ name: 'unknown.csv' })).toMatchObject({ verdict: 'never_seen' });
  });
});
