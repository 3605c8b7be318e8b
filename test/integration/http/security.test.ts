import request from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DatabaseProxy } from '../../support/database-proxy.ts';
import { eventually } from '../../support/eventually.ts';
import { HEADER, plainFile } from '../../support/plain-events.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { startTestService, type TestService } from '../../support/service.ts';
import { expectNothingKept } from './support/folder.ts';
import { type ObservedService, startObservedService } from './support/observed-server.ts';
import { openRaw, sendRaw } from './support/raw-request.ts';

const KEY = 'Canary-Key-8f2b6c1d9e';

describe('F1 with an API key', () => {
  let service: ObservedService;
  beforeAll(async () => {
    service = await startObservedService({ env: { API_KEY: KEY, RATE_LIMIT: '0' } });
  });
  afterAll(async () => await service.close());

  const address = (url: string) =>
    url.replace(':fileId', '1').replace(':userId', 'ann').replace(':name', 'a.csv').replace('*', 'x.js');
  const OPEN = ['/', '/health', '/health/live', '/health/ready', '/openapi.json', '/docs'];
  const isOpen = ({ method, url }: { method: string; url: string }) =>
    ['GET', 'HEAD'].includes(method) && (OPEN.includes(url) || url.startsWith('/docs/') || url === '/assets/*');

  test.each<[string, Record<string, string>, string]>([
    ['no key', {}, ''],
    ['a wrong key', { authorization: 'Bearer wrong-key-of-some-length' }, ''],
    ['the beginning of the key', { authorization: `Bearer ${KEY.slice(0, -1)}` }, ''],
    ['the key and more', { authorization: `Bearer ${KEY}x` }, ''],
    ['the key in other case', { authorization: `Bearer ${KEY.toUpperCase()}` }, ''],
    ['an empty key', { authorization: 'Bearer ' }, ''],
    ['a key of spaces', { authorization: 'Bearer      ' }, ''],
    ['the bare key', { authorization: KEY }, ''],
    ['another scheme', { authorization: `Basic ${Buffer.from(`x:${KEY}`).toString('base64')}` }, ''],
    ['the key in another header', { 'x-api-key': KEY, cookie: `api_key=${KEY}` }, ''],
    ['the key in the query', {}, `?api_key=${KEY}&access_token=${KEY}&key=${KEY}`],
  ])('%s opens no route but the probes, the dashboard without its data, and the documentation', async (_, headers, query) => {
    for (const route of service.routes) {
      const call = request(service.url)
        [route.method.toLowerCase() as 'get'](address(route.url) + query)
        .set(headers);
      const reply = await call;
      const isRefused = !isOpen(route);
      expect({ ...route, isRefused: reply.status === 401 }).toEqual({ ...route, isRefused });
      if (OPEN.includes(route.url)) expect(reply.status).toBe(200);
      if (isRefused) expect(reply.headers['www-authenticate']).toBe('Bearer realm="sluice"');
      if (isRefused && route.method !== 'HEAD') {
        expect(reply.body).toMatchObject({ status: 401, code: 'unauthorized', title: 'Unauthorized' });
      }
    }
    expect(service.routes.length).toBeGreaterThan(30);
  });

  test.each([
    '/nope',
    '/health/other',
    '/health/',
    '//health',
    '/Health',
    '/health/../ingestion/files',
    '/health%2F..%2Fmetrics',
  ])('an address that is no route tells nothing either: %s', async (path) => {
    const { host } = new URL(service.url);
    const reply = await sendRaw(service.url, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect(reply.status).toBe(401);
  });

  test('no method opens one of them that has no route for it', async () => {
    for (const { url } of service.routes) {
      for (const method of ['DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PUT', 'POST']) {
        const { host } = new URL(service.url);
        const text = `${method} ${address(url)} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`;
        const { status } = await sendRaw(service.url, text);
        // TRACE is known to no server here; what does not parse as a request says nothing either.
        expect([400, 401, 404].includes(status), `${method} ${url} ${status}`).toBe(true);
        if (method !== 'TRACE') expect(status, `${method} ${url}`).toBe(401);
      }
    }
  });

  test('of two Authorization headers neither counts: a proxy may have looked at the other one', async () => {
    const { host } = new URL(service.url);
    const right = `Authorization: Bearer ${KEY}\r\n`;
    const wrong = 'Authorization: Bearer wrong\r\n';
    const ask = async (headers: string) =>
      (await sendRaw(service.url, `GET /ingestion/stats HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\n`)).status;
    expect(await ask(right + wrong)).toBe(401);
    expect(await ask(wrong + right)).toBe(401);
    expect(await ask(right + right)).toBe(401);
    expect(await ask(`Authorization: Bearer ${KEY}, Bearer ${KEY}\r\n`)).toBe(401);
    expect(await ask(right)).toBe(200);
  });

  test('probes and documentation can be asked for with HEAD too', async () => {
    for (const path of ['/health', '/health/live', '/health/ready', '/docs', '/openapi.json']) {
      await request(service.url).head(path).expect(200);
    }
  });

  test('the page of the documentation opens in a browser, which sends no key, with all of its parts', async () => {
    const page = await request(service.url).get('/docs').expect(200);
    const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);
    expect(parts.length).toBeGreaterThan(4);
    for (const part of parts) {
      await request(service.url)
        .get(new URL(part, `${service.url}/docs`).pathname)
        .expect(200);
    }
  });

  test('the key opens everything, whatever the case of the scheme', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      await request(service.url).get('/ingestion/stats').set('authorization', `${scheme} ${KEY}`).expect(200);
    }
    const content = Buffer.from(plainFile({ tag: 'keyed', to: 2 }));
    const call = request(service.url).put('/uploads/keyed.csv?wait=30').set('authorization', `Bearer ${KEY}`);
    expect((await call.send(content).expect(200)).body.files).toMatchObject([{ status: 'loaded' }]);
  });

  test('E4 an upload without the key is refused before its body is asked for', async () => {
    const connection = await openRaw(service.url);
    const { host } = new URL(service.url);
    await connection.send(
      `PUT /uploads/a.csv HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n`,
    );
    expect(await connection.reply()).toMatchObject({ status: 401 });
    expect(connection.interim).toEqual([]);
    await connection.closed();
  });

  test('E4 an upload without the key that is sent all the same is cut off, and the reply arrives', async () => {
    const connection = await openRaw(service.url);
    const { host } = new URL(service.url);
    await connection.send(`PUT /uploads/a.csv HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(0x100000, 'x'), Buffer.from('\r\n')]);
    const sending = (async () => {
      for (let sent = 0; sent < 100 && !connection.socket.destroyed; sent += 1) await connection.send(chunk);
    })();
    expect(await connection.reply()).toMatchObject({ status: 401 });
    await connection.closed();
    await sending;
  });
});

describe('F2 on loopback, against what a browser of the same machine can be made to send', () => {
  let service: TestService;
  let host: string;
  beforeAll(async () => {
    service = await startTestService();
    host = new URL(service.url).host;
  });
  afterAll(async () => await service.close());

  test.each([
    'evil.example',
    'evil.example:3000',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'localhost@evil.example',
    '0.0.0.0',
    '10.0.0.1',
    'xlocalhost',
    '127.0.0.1:80:80',
  ])('Host %s is 421 on every path, known or not: a name that points here by DNS rebinding reads nothing', async (name) => {
    for (const path of ['/health', '/ingestion/files', '/docs', '/nope', '/openapi.json']) {
      const reply = await sendRaw(service.url, `GET ${path} HTTP/1.1\r\nHost: ${name}\r\n\r\n`);
      expect(reply.status).toBe(421);
      expect(JSON.parse(reply.body)).toMatchObject({ status: 421, code: 'host_not_allowed' });
    }
  });

  test('a request without a Host is refused', async () => {
    expect((await sendRaw(service.url, 'GET /health HTTP/1.1\r\n\r\n')).status).toBe(400);
    expect((await sendRaw(service.url, 'GET /health HTTP/1.0\r\n\r\n')).status).toBe(421);
  });

  test.each([
    'localhost',
    'LOCALHOST:3000',
    '127.0.0.1',
    '127.0.0.1:1',
    '[::1]:3000',
    'sluice.localhost',
  ])('Host %s is ours', async (name) => {
    expect((await sendRaw(service.url, `GET /health HTTP/1.1\r\nHost: ${name}\r\n\r\n`)).status).toBe(200);
  });

  const foreign: [string, Record<string, string>][] = [
    ['a foreign Origin', { origin: 'https://evil.example' }],
    ['a sandboxed or local page', { origin: 'null' }],
    ['an Origin that is none', { origin: 'evil' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['another name of this machine', { origin: 'http://localhost.evil.example' }],
    ['Sec-Fetch-Site cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['Sec-Fetch-Site same-site', { 'sec-fetch-site': 'same-site' }],
  ];

  test.each(foreign)('%s changes nothing: 403, before the body is read', async (_, headers) => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    await expectNothingKept(service, async () => {
      for (const call of ['PUT /uploads/a.csv', 'POST /uploads', 'POST /ingestion/files/1/retry', 'POST /nope']) {
        const connection = await openRaw(service.url);
        await connection.send(
          `${call} HTTP/1.1\r\nHost: ${host}\r\n${lines.join('')}Content-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n`,
        );
        const reply = await connection.reply();
        expect(reply.status).toBe(403);
        expect(JSON.parse(reply.body)).toMatchObject({ status: 403, code: 'cross_site_request' });
        expect(connection.interim).toEqual([]);
        await connection.closed();
      }
    });
  });

  test('a form that a foreign page posts without asking is refused', async () => {
    await expectNothingKept(service, async () => {
      const call = request(service.url).post('/uploads').set('origin', 'https://evil.example');
      await call.attach('file', Buffer.from(plainFile({ tag: 'csrf', to: 1 })), 'csrf.csv').expect(403);
    });
  });

  test.each<[string, () => Record<string, string>]>([
    ['no Origin, as from curl', () => ({})],
    ['the own Origin', () => ({ origin: `http://${host}` })],
    ['Sec-Fetch-Site same-origin', () => ({ 'sec-fetch-site': 'same-origin', origin: `http://${host}` })],
    ['Sec-Fetch-Site none', () => ({ 'sec-fetch-site': 'none' })],
  ])('%s may upload', async (name, headers) => {
    const content = Buffer.from(plainFile({ tag: name, to: 1 }));
    await request(service.url).put('/uploads/own.csv?wait=30').set(headers()).send(content).expect(200);
  });

  test('no other site is given leave to read: no CORS header, and no preflight is granted', async () => {
    const replies = [
      await request(service.url).get('/ingestion/files').set('origin', 'https://evil.example'),
      await request(service.url)
        .options('/uploads')
        .set({ origin: 'https://evil.example', 'access-control-request-method': 'PUT' }),
      await request(service.url).get('/openapi.json').set('origin', `http://${host}`),
    ];
    expect(replies.map(({ status }) => status)).toEqual([200, 405, 200]);
    for (const { headers } of replies) {
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(headers['cross-origin-resource-policy']).toBe('same-origin');
    }
  });

  test('every reply carries the security headers, also those to requests that are broken', async () => {
    const send = (text: string) => sendRaw(service.url, text.replace('HOST', host));
    const replies = [
      await send('GET /health HTTP/1.1\r\nHost: HOST\r\n\r\n'),
      await send('GET /docs HTTP/1.1\r\nHost: HOST\r\n\r\n'),
      await send('GET /nope HTTP/1.1\r\nHost: HOST\r\n\r\n'),
      await send('GET /ingestion/files?limit=x HTTP/1.1\r\nHost: HOST\r\n\r\n'),
      await send('GET /health HTTP/1.1\r\nHost: evil\r\n\r\n'),
      await send('GET /analytics/users/%zz HTTP/1.1\r\nHost: HOST\r\n\r\n'),
      await send(`GET /analytics/users/${'x'.repeat(1500)} HTTP/1.1\r\nHost: HOST\r\n\r\n`),
      await send(`GET /health HTTP/1.1\r\nHost: HOST\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`),
      await send('this is not HTTP\r\n\r\n'),
      await send('PUT /uploads/x HTTP/1.1\r\nHost: HOST\r\nOrigin: null\r\nContent-Length: 5\r\n\r\nab'),
    ];
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 404, 400, 421, 400, 414, 431, 400, 403]);
    for (const { status, headers, body } of replies) {
      expect(headers).toMatchObject({
        'content-security-policy': expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      });
      expect(headers['x-powered-by']).toBeUndefined();
      if (status < 400) continue;
      expect(headers['content-type']).toMatch(/^application\/problem\+json\b/);
      expect(JSON.parse(body)).toMatchObject({ type: 'about:blank', status, code: expect.stringMatching(/^[a-z_]+$/) });
    }
  });
});

describe('F2 reachable by others', () => {
  const statuses = async (service: TestService, names: readonly string[]) =>
    await Promise.all(
      names.map(async (name) => {
        const reply = await sendRaw(service.url, `GET /ingestion/files HTTP/1.1\r\nHost: ${name}\r\n\r\n`);
        if (reply.status === 421) expect(JSON.parse(reply.body).detail).toContain('API_KEY');
        return [name, reply.status];
      }),
    );
  const all = (names: readonly string[], status: number) => names.map((name) => [name, status]);
  const REGISTRABLE = ['evil.example', 'evil.example:3000', 'sluice.evil.example', '127.0.0.1.evil.example', 'evil.'];

  test('without a key it answers to addresses and names without a dot: no name that anybody can register reads', async () => {
    const service = await startTestService({ env: { HOST: '0.0.0.0', ALLOW_ANONYMOUS: 'true' } });
    try {
      const ours = [
        'localhost:3000',
        '127.0.0.1',
        '192.168.1.7:3000',
        '[::1]:3000',
        '[fd00::7]',
        'sluice',
        'Sluice:80',
      ];
      expect(await statuses(service, ours)).toEqual(all(ours, 200));
      expect(await statuses(service, REGISTRABLE)).toEqual(all(REGISTRABLE, 421));
    } finally {
      await service.close();
    }
  });

  test('with a key it may have any name, since a page that was given one by its owner does not know the key', async () => {
    const service = await startTestService({ env: { HOST: '0.0.0.0', API_KEY: KEY } });
    try {
      expect(await statuses(service, REGISTRABLE)).toEqual(all(REGISTRABLE, 401));
    } finally {
      await service.close();
    }
  });
});

describe('F6 what is written about', () => {
  test('neither key, password nor cell is in a log line or a reply, whatever goes wrong', async () => {
    const database = await createTestDatabase();
    const proxy = await DatabaseProxy.start(database.connectionString);
    const service = await startTestService({
      database: { ...database, connectionString: proxy.connectionString },
      env: { API_KEY: KEY, LOG_LEVEL: 'trace' },
    });
    const call = (method: 'get' | 'put' | 'post', path: string) =>
      request(service.url)[method](path).set('authorization', `Bearer ${KEY}`);
    const replies: request.Response[] = [];
    try {
      const cells = `${HEADER}cellcanary1,view,2024-01-01,p1,cellcanary2,1.00,cellcanary3\ncellcanary4,view,2024-13-01,cellcanary5,n,1,s\n`;
      replies.push(await call('put', '/uploads/canary.csv?wait=30').send(Buffer.from(cells)).expect(200));
      replies.push(await request(service.url).get('/ingestion/stats').set('authorization', `Bearer ${KEY}x`));
      replies.push(await call('get', `/nope?token=${KEY.slice(0, 8)}`));
      replies.push(
        await call('get', '/analytics/users/cellcanary9'),
        await call('get', '/metrics'),
        await call('get', '/openapi.json'),
      );
      proxy.cut();
      await eventually(async () => void (await request(service.url).get('/health').expect(503)));
      for (const path of ['/analytics/users/cellcanary1', '/ingestion/files?name=cellcanary6', '/health']) {
        replies.push(await call('get', path));
      }
      replies.push(await call('put', '/uploads/canary-2.csv').send(Buffer.from(cells)));
    } finally {
      proxy.restore();
      await service.close();
      await proxy.close();
      await database.drop();
    }

    const { password } = new URL(database.connectionString);
    expect(password.length).toBeGreaterThan(8);
    const written = [...service.logLines, ...replies.map(({ text, headers }) => text + JSON.stringify(headers))];
    expect(service.logLines.length).toBeGreaterThan(5);
    for (const text of written) {
      expect(text).not.toContain(KEY);
      expect(text).not.toContain(password);
    }
    for (const line of service.logLines) {
      expect(line).not.toMatch(/cellcanary[2345]/);
      // One line is one event, whatever a client puts into a name.
      expect(JSON.parse(line)).toEqual(expect.any(Object));
      expect(line.trimEnd()).not.toContain('\n');
    }
  });

  test('an error that nobody foresaw tells the client nothing of the inside', async () => {
    const service = await startTestService();
    try {
      await service.database.query('alter table source_files rename to source_files_gone');
      const reply = await request(service.url).get('/ingestion/files').expect(500);
      expect(reply.body).toEqual({
        type: 'about:blank',
        title: 'Internal Server Error',
        status: 500,
        code: 'internal_error',
        detail: expect.not.stringMatching(/source_files|select|relation/),
      });
      expect(service.logLines.some((line) => line.includes('request failed') && line.includes('source_files'))).toBe(
        true,
      );
      await service.database.query('alter table source_files_gone rename to source_files');
    } finally {
      await service.close();
    }
  });
});
