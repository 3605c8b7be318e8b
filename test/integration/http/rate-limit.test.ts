import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { plainFile } from '../../support/plain-events.ts';
import { startTestService, type TestService } from '../../support/service.ts';
import { openRaw } from './support/raw-request.ts';

const KEY = 'a-long-key-of-the-rate-limit-test';
const REFUSED_KEYS = 60;

let service: TestService;
afterEach(async () => await service.close());

/** Sends requests down one connection, one after the other, and returns their replies. */
async function flood(count: number, text: (n: number) => string) {
  const connection = await openRaw(service.url);
  const { host } = new URL(service.url);
  const replies = [];
  for (let n = 0; n < count; n += 1) {
    await connection.send(text(n).replace('HOST', host));
    replies.push(await connection.reply());
  }
  connection.socket.destroy();
  return replies;
}
const countOf = (replies: readonly { status: number }[], status: number) =>
  replies.filter((reply) => reply.status === status).length;

describe('F7 RATE_LIMIT, without a key', () => {
  beforeEach(async () => {
    service = await startTestService({ env: { RATE_LIMIT: '20' } });
  });

  test('beyond it a client is told 429 and when to come back, whatever it asks for', async () => {
    const paths = ['/ingestion/stats', '/nope', '/analytics/users/nobody', '/ingestion/files?limit=x', '/'];
    const replies = await flood(40, (n) => `GET ${paths[n % paths.length]} HTTP/1.1\r\nHost: HOST\r\n\r\n`);
    expect(replies.slice(0, 20).map(({ status }) => status)).not.toContain(429);
    expect(countOf(replies.slice(20), 429)).toBe(20);
    const [{ headers, body }] = replies.slice(-1) as [(typeof replies)[number]];
    expect(headers['content-type']).toMatch(/^application\/problem\+json\b/);
    expect(JSON.parse(body)).toMatchObject({ status: 429, code: 'too_many_requests' });
    const seconds = Number(headers['retry-after']);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
  });

  test('foreign names and pages of other sites are counted too, apart from who else has that address', async () => {
    const ofForeignName = () => 'GET /health/other HTTP/1.1\r\nHost: evil.example\r\n\r\n';
    const ofAnotherSite = () => 'POST /uploads HTTP/1.1\r\nHost: HOST\r\nOrigin: null\r\nContent-Length: 0\r\n\r\n';
    await flood(10, ofForeignName);
    await flood(10, ofAnotherSite);
    expect(countOf(await flood(5, ofForeignName), 429)).toBe(5);
    expect(countOf(await flood(5, ofAnotherSite), 429)).toBe(5);
    expect(countOf(await flood(20, () => 'GET /nope HTTP/1.1\r\nHost: HOST\r\n\r\n'), 404)).toBe(20);
  });

  test('a made-up X-Forwarded-For, Forwarded or X-Real-IP makes nobody another client', async () => {
    const replies = await flood(
      40,
      (n) =>
        `GET /nope HTTP/1.1\r\nHost: HOST\r\nX-Forwarded-For: 10.0.0.${n}\r\nForwarded: for=10.0.0.${n}\r\nX-Real-IP: 10.0.0.${n}\r\nAuthorization: Bearer key-${n}\r\n\r\n`,
    );
    expect(countOf(replies, 429)).toBe(20);
  });

  test('an upload beyond it is refused before its body is asked for', async () => {
    await flood(20, () => 'GET /nope HTTP/1.1\r\nHost: HOST\r\n\r\n');
    const connection = await openRaw(service.url);
    await connection.send(
      `PUT /uploads/a.csv HTTP/1.1\r\nHost: ${new URL(service.url).host}\r\nContent-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n`,
    );
    expect((await connection.reply()).status).toBe(429);
    expect(connection.interim).toEqual([]);
    await connection.closed();
  });

  test('probes are answered however often, also to a client that is over the limit', async () => {
    await flood(30, () => 'GET /nope HTTP/1.1\r\nHost: HOST\r\n\r\n');
    for (const path of ['/health', '/health/live', '/health/ready']) {
      const replies = await flood(40, () => `GET ${path} HTTP/1.1\r\nHost: HOST\r\n\r\n`);
      expect(countOf(replies, 200)).toBe(40);
    }
    // Only the probes themselves: their names with another method are like any other address.
    expect(countOf(await flood(5, () => 'POST /health HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\n\r\n'), 429)).toBe(
      5,
    );
  });
});

describe('F7 wrong and missing keys', () => {
  beforeEach(async () => {
    service = await startTestService({ env: { API_KEY: KEY } });
  });

  test('have a stricter limit, 429 beyond it; the right key passes all the time', async () => {
    const wrong = (n: number) =>
      `GET /ingestion/stats HTTP/1.1\r\nHost: HOST\r\n${n % 2 === 0 ? `Authorization: Bearer wrong-${n}\r\n` : ''}\r\n`;
    const replies = await flood(REFUSED_KEYS + 20, wrong);
    expect(replies.map(({ status }) => status)).toEqual([
      ...Array<number>(REFUSED_KEYS).fill(401),
      ...Array<number>(20).fill(429),
    ]);
    const [last] = replies.slice(-1);
    expect(Number(last?.headers['retry-after'])).toBeGreaterThan(0);
    const content = Buffer.from(plainFile({ tag: 'right key', to: 1 }));
    const call = request(service.url).put('/uploads/right.csv?wait=30').set('authorization', `Bearer ${KEY}`);
    await call.send(content).expect(200);
    await request(service.url).get('/docs').expect(200);
    const told = service.logLines.filter((line) => line.includes('requests without the API key'));
    expect(told).toHaveLength(1);
    expect(JSON.parse(told[0] ?? '')).toMatchObject({ level: 40, address: '127.0.0.1' });
  });
});

describe('F7 the key', () => {
  test('has a limit of its own: whoever has none takes nothing of it, and the other way round', async () => {
    service = await startTestService({ env: { API_KEY: KEY, RATE_LIMIT: '20' } });
    const keyed = () => `GET /ingestion/stats HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer ${KEY}\r\n\r\n`;
    const open = () => 'GET /openapi.json HTTP/1.1\r\nHost: HOST\r\n\r\n';
    expect(countOf(await flood(30, open), 429)).toBe(10);
    expect(countOf(await flood(30, keyed), 429)).toBe(10);
  });

  test('RATE_LIMIT=0 sets no limit', async () => {
    service = await startTestService({ env: { API_KEY: KEY, RATE_LIMIT: '0' } });
    const replies = await flood(100, () => 'GET /nope HTTP/1.1\r\nHost: HOST\r\n\r\n');
    expect(countOf(replies, 401)).toBe(100);
  });
});

describe('F7 floods', () => {
  test('of many keys, addresses of pages, headers and methods leave memory as it was', async () => {
    service = await startTestService({ env: { LOG_LEVEL: 'error' } });
    const methods = ['GET', 'HEAD', 'DELETE', 'PATCH', 'OPTIONS', 'PUT'];
    const hostile = (n: number) =>
      `${methods[n % methods.length]} /nope/${n}/${'x'.repeat(200)}?a=${n} HTTP/1.1\r\nHost: HOST\r\nAccept: text/x-${n}\r\nContent-Type: text/x-${n}\r\nContent-Length: 0\r\nAuthorization: Bearer ${n}\r\nX-Forwarded-For: 10.${n % 256}.0.1\r\nX-${n}: y\r\n\r\n`;
    const round = async (count: number) => {
      const connections = await Promise.all(Array.from({ length: 10 }, () => openRaw(service.url)));
      const { host } = new URL(service.url);
      await Promise.all(
        connections.map(async (connection, which) => {
          let received = 0;
          const all = new Promise<void>((resolve) => {
            connection.socket.removeAllListeners('data').on('data', (chunk: Buffer) => {
              received += chunk.toString('latin1').split('HTTP/1.1 ').length - 1;
              if (received >= count / 10) resolve();
            });
          });
          for (let n = 0; n < count / 10; n += 1)
            await connection.send(hostile(which * count + n).replace('HOST', host));
          await all;
          connection.socket.destroy();
        }),
      );
    };
    await round(2000);
    const before = heapBytes();
    await round(10_000);
    // A hundred bytes kept of each would be seen.
    expect(heapBytes() - before).toBeLessThan(1_000_000);
    const { text } = await request(service.url).get('/metrics');
    expect(text.split('\n').filter((line) => line.startsWith('sluice_http')).length).toBeLessThan(300);
  }, 120_000);
});

function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  for (let n = 0; n < 3; n += 1) collect();
  return process.memoryUsage().heapUsed;
}
