import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settledRows } from '../../support/ledger.ts';
import { HEADER } from '../../support/plain-events.ts';
import { createTestDirectory, startTestService, type TestService } from '../../support/service.ts';
import { sendRaw } from './support/raw-request.ts';

/** Each holds the word by which a file that got out would be found. */
const NAMES = [
  '../climb.csv',
  '../../climb.csv',
  '..\\climb.csv',
  '..\\..\\climb.csv',
  '/climb.csv',
  '//climb.csv',
  '/etc/climb.csv',
  `${tmpdir()}/climb.csv`,
  'C:\\climb.csv',
  '\\\\server\\share\\climb.csv',
  '....//climb.csv',
  '..././climb.csv',
  './climb.csv',
  'sub/climb.csv',
  'climb.csv/..',
  'climb.csv/../../climb.csv',
  'climb.csv/.',
  '.uploads/climb.csv',
  '.archive/climb.csv',
  '.climb.csv',
  '~/climb.csv',
  'climb.csv\u0000.png',
  '\u0000climb.csv',
  '../\u0000/climb.csv',
  'climb\r\nX-Injected: yes.csv',
  'climb\n{"level":60}.csv',
  'climb\u202evsc.csv',
  'climb\u001b[31m.csv',
  '$(touch climb).csv',
  '`touch climb`.csv',
  '| climb .csv',
  '-climb.csv',
  'climb\uff0f..\uff0f.csv',
  '＊climb․․／.csv',
  `${'../'.repeat(1300)}climb.csv`,
  `${'climb'.repeat(800)}.csv`,
  `${'é'.repeat(300)}climb.csv`,
];
/** As they stand in the address, for what no encoder would write. */
const RAW_NAMES = [
  '../climb.csv',
  '..%2fclimb.csv',
  '%2e%2e%2fclimb.csv',
  '%2e%2e/climb.csv',
  '..%5cclimb.csv',
  '%252e%252e%252fclimb.csv',
  '..%252fclimb.csv',
  '%c0%ae%c0%ae%c0%afclimb.csv',
  '%2fetc%2fclimb.csv',
  '%00climb.csv',
  'climb.csv%00',
  '..;/climb.csv',
  'climb.csv?name=../climb.csv',
  'climb.csv#/../climb.csv',
];

let parent: string;
let service: TestService;
let host: string;
let sent = 0;

beforeAll(async () => {
  parent = await createTestDirectory();
  const directory = join(parent, 'deep', 'watched');
  await mkdir(directory, { recursive: true });
  service = await startTestService({ directory, env: { RATE_LIMIT: '0' } });
  host = new URL(service.url).host;
});
afterAll(async () => {
  await service.close();
  await rm(parent, { recursive: true, force: true });
});

/** A file of one row that no other has. */
const content = () => {
  sent += 1;
  return `${HEADER}climber,view,2024-01-01,p,n,1.00,s-${sent}\n`;
};

/** Everything below the folder's parent but what is in the folder, and whatever has the word where names could lead. */
async function outside(): Promise<string[]> {
  const below = (await readdir(parent, { recursive: true })).filter((path) => !path.startsWith('deep/watched/'));
  const elsewhere = await Promise.all(
    ['/', '/etc', '/tmp', tmpdir(), process.cwd(), '/root', process.env['HOME'] ?? '/'].map((folder) =>
      readdir(folder).catch(() => []),
    ),
  );
  return [...below, ...elsewhere.flat().filter((name) => name.includes('climb'))].sort();
}

/** Of all that is in the folder: regular files whose names are one plain part of a path, below no other folder. */
async function expectPlainFiles(): Promise<void> {
  const names = (await readdir(service.directory)).filter((name) => name !== '.uploads');
  for (const name of names) {
    expect((await lstat(join(service.directory, name))).isFile(), name).toBe(true);
    expect(name).toMatch(/^[^.\s].*\.csv(\.gz)?$/);
    expect(name).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}/\\]/u);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
  }
  expect(await readdir(join(service.directory, '.uploads'))).toEqual([]);
}

describe('F4 no name of an upload leads out of the folder', () => {
  test('in an address', async () => {
    const before = await outside();
    for (const name of [...RAW_NAMES, ...NAMES.map(encodeURIComponent)]) {
      const body = content();
      const text = `PUT /uploads/${name} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
      const reply = await sendRaw(service.url, text);
      expect(reply.status, name.slice(0, 60)).toBeLessThan(500);
      expect(reply.headers['x-injected']).toBeUndefined();
    }
    expect(await outside()).toEqual(before);
    await expectPlainFiles();
  });

  test('in a form, plain, quoted and encoded', async () => {
    const before = await outside();
    for (const name of [...NAMES, ...RAW_NAMES]) {
      const quoted = name.replaceAll(/[\r\n]/g, '_').replaceAll('"', '\\"');
      for (const filename of [
        `filename="${quoted}"`,
        `filename=${quoted.replaceAll(/[;\s]/g, '')}`,
        `filename="a.csv"; filename*=UTF-8''${encodeURIComponent(name)}`,
        `filename*=utf-8''${name.replaceAll(/[\s;"]/g, '')}`,
      ]) {
        const body = `--b\r\nContent-Disposition: form-data; name="f"; ${filename}\r\n\r\n${content()}\r\n--b--\r\n`;
        const call = request(service.url).post('/uploads').set('content-type', 'multipart/form-data; boundary=b');
        const { status } = await call.send(body);
        expect(status, filename.slice(0, 60)).toBeLessThan(500);
      }
    }
    expect(await outside()).toEqual(before);
    await expectPlainFiles();
  }, 60_000);

  test('and what came under such names is loaded, each once, in a log of one JSON object a line', async () => {
    const { length } = (await readdir(service.directory)).filter((name) => name !== '.uploads');
    const rows = await settledRows(service.database, length, 60_000);
    expect(rows.filter(({ status }) => status !== 'loaded')).toEqual([]);
    expect(rows.length).toBeGreaterThan(100);
    const [events] = await service.database.query<{ all: number; sessions: number }>(
      'select count(*)::int as all, count(distinct session_id)::int as sessions from user_events',
    );
    expect(events).toEqual({ all: rows.length, sessions: rows.length });
    for (const line of service.logLines) {
      expect(line.trimEnd()).not.toMatch(/\p{Cc}/u);
      expect(JSON.parse(line).level).toBeLessThan(50);
    }
  }, 90_000);
});
