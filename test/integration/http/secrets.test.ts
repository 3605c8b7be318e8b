import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseProxy } from '../../support/database-proxy.ts';
import { eventually } from '../../support/eventually.ts';
import { ledgerRows, settledFile } from '../../support/ledger.ts';
import { HEADER } from '../../support/plain-events.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { createTestDirectory } from '../../support/service.ts';
import { type SluiceProcess, spawnService } from '../../support/sluice-process.ts';
import { openRaw } from './support/raw-request.ts';

const KEY = 'key-canary-5f0c91ab';
const CELL = /cellcanary/i;
const FORGED = 'evil\n{"level":60,"msg":"forged"}\u001b[2J.csv';

let database: TestDatabase;
let directory: string;
let proxy: DatabaseProxy;
beforeEach(async () => {
  database = await createTestDatabase();
  directory = await createTestDirectory();
  proxy = await DatabaseProxy.start(database.connectionString);
});
afterEach(async () => {
  await proxy.close();
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

/** A row whose cells are all to be found again, good but for what is given. */
const row = (cells: Readonly<Record<string, string>> = {}) => {
  const good = {
    user: 'cellcanary-user',
    type: 'view',
    at: '2024-01-01',
    product: 'cellcanary-product',
    name: 'cellcanary-name',
    price: '1.00',
    session: 'cellcanary-session',
  };
  return `${Object.values({ ...good, ...cells }).join(',')}\n`;
};
const REJECTED =
  row({ user: '' }) +
  row({ type: 'cellcanary-type' }) +
  row({ at: 'cellcanary-at' }) +
  row({ price: 'cellcanary-price' }) +
  row({ name: 'cellcanary'.repeat(100) }) +
  'cellcanary-short,view\n' +
  '"cellcanary-quote"x,view,2024-01-01,p,n,1,s\n';

/** Puts the service through what can go wrong, and returns all that it answered but lists of rejected rows. */
async function hardships(url: string): Promise<string[]> {
  const texts: string[] = [];
  const note = (reply: request.Response) => {
    texts.push(reply.text + JSON.stringify(reply.headers));
    return reply;
  };
  const call = async (method: 'get' | 'put' | 'post', path: string, body?: string) =>
    note(
      await request(url)
        [method](path)
        .set('authorization', `Bearer ${KEY}`)
        .send(body === undefined ? undefined : Buffer.from(body)),
    );
  const asked = ['/health', '/ingestion/stats', '/ingestion/files', '/metrics', '/openapi.json', '/docs'];

  expect((await call('put', '/uploads/bad.csv?wait=30', HEADER + row() + REJECTED)).status).toBe(200);
  await call('put', '/uploads/no-columns.csv?wait=30', 'a,b\ncellcanary,cellcanary\n');
  writeFileSync(join(directory, FORGED), HEADER + row({ session: 'cellcanary-forged' }));
  await settledFile(database, FORGED);
  writeFileSync(join(directory, 'headless.csv'), row() + row());
  await settledFile(database, 'headless.csv');
  // The database refuses a row, again and again, until the file has failed.
  await database.query(`alter table user_events add constraint refused check (user_id not like '%POISON')`);
  await call('put', '/uploads/poison.csv', HEADER + row({ user: 'cellcanary-poison' }));
  await eventually(async () => {
    await database.query(
      `update source_files set available_at = now() where name = 'poison.csv' and status = 'queued'`,
    );
    expect((await ledgerRows(database)).find(({ name }) => name === 'poison.csv')?.status).toBe('failed');
  });
  // What clients do wrong.
  for (const headers of [{}, { authorization: `Bearer ${KEY}x` }, { authorization: `Basic ${KEY}` }]) {
    note(await request(url).get('/ingestion/stats').set(headers));
  }
  await call('post', '/uploads', 'cellcanary');
  const form = 'multipart/form-data; boundary=b';
  const broken = `--b\r\nContent-Disposition: form-data; name="f"; filename="cut.csv"\r\n\r\n${row()}`;
  const post = request(url)
    .post('/uploads')
    .set({ authorization: `Bearer ${KEY}`, 'content-type': form });
  note(await post.send(broken));
  const connection = await openRaw(url);
  const { host } = new URL(url);
  await connection.send(
    `PUT /uploads/cut.csv HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${KEY}\r\nContent-Length: 9999\r\n\r\n${row()}`,
  );
  connection.socket.resetAndDestroy();
  for (const path of asked) await call('get', path);

  proxy.cut();
  await eventually(async () => expect((await request(url).get('/health')).status).toBe(503));
  for (const path of [...asked, '/analytics/users/cellcanary-gone', '/ingestion/files?name=cellcanary-gone']) {
    await call('get', path);
  }
  await call('put', '/uploads/away.csv', HEADER + row());
  proxy.restore();
  await eventually(async () => expect((await request(url).get('/health')).status).toBe(200));
  for (const path of asked) await call('get', path);
  return texts;
}

function expectLogOfEvents({ stdout, stderr }: SluiceProcess): void {
  const lines = stdout.split('\n');
  const events = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  expect(events.length).toBeGreaterThan(10);
  expect(events.filter(({ msg }) => msg === 'forged')).toEqual([]);
  expect(events.some(({ name }) => name === FORGED)).toBe(true);
  // Beside events there is only the greeting.
  expect(lines.filter((line) => !line.startsWith('{') && line !== '' && !line.startsWith('  '))).toEqual([]);
  expect(stdout).not.toMatch(/[^\P{Cc}\n]/u);
  expect(stderr).toBe('');
}

describe('F6 through whatever goes wrong', () => {
  it('neither key nor password nor a cell is in the log, on health, in figures or errors; a line is an event', async () => {
    const service = spawnService({
      databaseUrl: proxy.connectionString,
      inputDirectory: directory,
      env: { API_KEY: KEY, LOG_LEVEL: 'trace' },
    });
    const url = (await service.ready()).replace('localhost', '127.0.0.1');
    const texts = await hardships(url);
    const { fileId } = JSON.parse(texts[0]?.slice(0, texts[0].indexOf(']}') + 2) ?? '').files[0];
    const { body } = await request(url).get(`/ingestion/files/${fileId}/rejects`).set('authorization', `Bearer ${KEY}`);
    await service.kill('SIGTERM');

    const { password } = new URL(proxy.connectionString);
    expect(password.length).toBeGreaterThan(8);
    for (const text of [...texts, service.stdout, service.stderr]) {
      expect(text).not.toContain(KEY);
      expect(text).not.toContain(password);
      // What was asked for is in the answer that there is no such thing.
      expect(text.replaceAll('cellcanary-gone', '').replaceAll(/its columns are: [^"]*/g, '')).not.toMatch(CELL);
    }
    // The first line of a file is told as the header that it should be, but to whoever asks for the file only.
    expect(texts.join('')).toContain('its columns are: cellcanary-user');
    expect(service.stdout).not.toContain('its columns are');
    // Where they belong: in the text of the row, and in what is said of it.
    expect(body.data).toHaveLength(7);
    for (const { raw, message, ...others } of body.data) {
      expect(raw + message).toMatch(CELL);
      expect(JSON.stringify(others)).not.toMatch(CELL);
    }
    expectLogOfEvents(service);
  }, 60_000);

  it('a start that fails shows no password', async () => {
    const wrong = new URL(database.connectionString);
    wrong.password = 'password-canary';
    const service = spawnService({
      databaseUrl: wrong.href,
      inputDirectory: directory,
      env: { API_KEY: KEY, LOG_LEVEL: 'trace' },
    });
    expect(await service.exited).toEqual({ code: 1, signal: null });
    expect(service.stderr).toContain('refuses the user or password');
    for (const text of [service.stdout, service.stderr]) expect(text).not.toMatch(/password-canary|key-canary/);
  });

  it('nor does one whose settings are wrong', async () => {
    const service = spawnService({
      databaseUrl: 'postgresql://u:password-canary@[bad/db',
      inputDirectory: directory,
      env: { API_KEY: 'key-canary with spaces', PORT: 'x' },
    });
    expect(await service.exited).toEqual({ code: 1, signal: null });
    expect(service.stderr).toContain('API_KEY');
    expect(service.stdout + service.stderr).not.toMatch(/password-canary|key-canary/);
  });
});
