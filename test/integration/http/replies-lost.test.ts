import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { expectExactly } from '../../support/exact-load.ts';
import { expectNothingLeaked } from '../../support/leaks.ts';
import { ledgerRows, settledRows } from '../../support/ledger.ts';
import { expectedPlain, plainFile } from '../../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { createTestDirectory, startTestService } from '../../support/service.ts';
import { spawnService } from '../../support/sluice-process.ts';
import { openRaw } from './support/raw-request.ts';

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

const ROWS = { tag: 'lost reply', to: 50 };
const CONTENT = plainFile(ROWS);
const putText = (url: string, name: string) =>
  `PUT /uploads/${name} HTTP/1.1\r\nHost: ${new URL(url).host}\r\nContent-Length: ${CONTENT.length}\r\n\r\n${CONTENT}`;

describe('E3 the service is killed between the end of a body and the reply', () => {
  it.each([
    ['before the ledger has it', 'upload.commit.before'],
    ['after the ledger has it', 'upload.commit.after'],
    ['with the reply in its hand', 'reply.before'],
  ])('%s: sent again, the file is loaded once, and the reply names what is loaded', async (_, point) => {
    const here = { databaseUrl: database.connectionString, inputDirectory: directory };
    const first = spawnService({ ...here, preload: ['points.mjs'], env: { SLUICE_FAULT: `${point}:kill` } });
    const url = (await first.ready()).replace('localhost', '127.0.0.1');
    const connection = await openRaw(url);
    await connection.send(putText(url, 'lost.csv'));
    expect(await first.exited).toMatchObject({ signal: 'SIGKILL' });
    await expect(connection.reply()).rejects.toThrow('closed without a reply');

    const second = spawnService(here);
    const again = (await second.ready()).replace('localhost', '127.0.0.1');
    const { body } = await request(again).put('/uploads/lost.csv?wait=30').send(Buffer.from(CONTENT)).expect(200);
    await eventually(async () => {
      const open = (await ledgerRows(database)).filter(({ status }) => !['loaded', 'duplicate'].includes(status));
      expect(open).toEqual([]);
    });
    const loaded = (await ledgerRows(database)).find(({ status }) => status === 'loaded');
    const [file] = body.files;
    expect(file.status === 'loaded' ? file.fileId : file.duplicateOf).toBe(loaded?.id);
    await expectExactly(database, [expectedPlain('lost.csv', ROWS)], { byName: false });
    expect(await readdir(join(directory, '.uploads'))).toEqual([]);
  });
});

describe('E7 the same bytes from many clients at once, of whom none hears a reply', () => {
  it('are loaded once, all others name that file, and so does whoever sends them again', async () => {
    const service = await startTestService({ database, directory });
    try {
      const clients = await Promise.all(Array.from({ length: 50 }, () => openRaw(service.url)));
      for (const { socket } of clients) socket.pause();
      await Promise.all(clients.map((client, n) => client.send(putText(service.url, `lost-${n}.csv`))));
      const rows = await settledRows(database, clients.length, 30_000);
      for (const { socket } of clients) socket.resetAndDestroy();
      const [loaded, ...more] = rows.filter(({ status }) => status === 'loaded');
      expect(more).toEqual([]);
      expect(rows.filter((row) => row.status === 'duplicate' && row.duplicateOf === loaded?.id)).toHaveLength(49);
      const again = await request(service.url).put('/uploads/again.csv?wait=30').send(Buffer.from(CONTENT)).expect(200);
      expect(again.body.files).toMatchObject([{ status: 'duplicate', duplicateOf: loaded?.id, rowsLoaded: 0 }]);
      await expectExactly(database, [expectedPlain('', ROWS)], { byName: false });
      await expectNothingLeaked({ database, directory });
    } finally {
      await service.close();
    }
  });
});
