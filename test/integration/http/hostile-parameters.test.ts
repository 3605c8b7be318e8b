import request from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { plainFile } from '../../support/plain-events.ts';
import { startTestService, type TestService } from '../../support/service.ts';

const PAYLOADS = [
  "'",
  '"',
  '`',
  "' or '1'='1",
  "' or 1=1 --",
  "'; drop table user_events; --",
  '1; drop table user_events',
  "1' union select rolpassword from pg_authid --",
  '1) or pg_sleep(5) is null --',
  "'||pg_sleep(5)||'",
  '/**/or/**/1=1',
  '$$',
  '$1',
  '%s',
  '%',
  '_',
  '\\',
  "\\'",
  ':name',
  '{{7*7}}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as it is sent
  '${7*7}',
  '{"$gt":""}',
  '[]',
  'null',
  'NaN',
  'Infinity',
  '-1',
  '0x1F',
  '1e999',
  '99999999999999999999',
  '0000-00-00',
  '2024-13-45',
  'now',
  '\u0000',
  'a\u0000b',
  '\r\nX-Injected: yes',
  '\uffff',
  '💥',
  'ﬀ',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  'x'.repeat(5000),
  Buffer.from('["\'; drop table user_events; --"]').toString('base64url'),
  Buffer.from('[1e999]').toString('base64url'),
  Buffer.from('[{"a":1}]').toString('base64url'),
  Buffer.from('[9007199254740991,"\\u0000"]').toString('base64url'),
];
/** What is no text in UTF-8, which nothing but raw bytes can say. */
const RAW = ['%', '%zz', '%ff', '%c0%a7', '%00', '+', '%27%20or%201%3D1'];

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
}

let service: TestService;
let places: { readonly what: string; readonly method: string; readonly address: (value: string) => string }[];

beforeAll(async () => {
  service = await startTestService({ env: { RATE_LIMIT: '0' } });
  const content = Buffer.from(plainFile({ tag: 'known', to: 5, badEvery: 2 }));
  await request(service.url).put('/uploads/known.csv?wait=30').send(content).expect(200);
  const { body } = await request(service.url).get('/openapi.json').expect(200);
  const paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> = body.paths;
  places = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { parameters = [] }]) =>
      parameters.map((parameter) => ({
        what: `${method} ${path} ${parameter.name}`,
        method,
        address: (value: string) => {
          const filled = path.replaceAll(/\{(\w+)\}/g, (_, name) =>
            parameter.in === 'path' && name === parameter.name ? value : '1',
          );
          return parameter.in === 'query' ? `${filled}?${parameter.name}=${value}` : filled;
        },
      })),
    ),
  );
});
afterAll(async () => await service.close());

async function tables(): Promise<unknown> {
  return await service.database.query(`
    select (select count(*)::int from user_events) as events, (select count(*)::int from rejected_rows) as rejects,
           (select count(*)::int from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema')) as tables`);
}

describe('F3 whatever stands in a parameter, of every call that the description has', () => {
  test('is taken as the value that it is, or refused; no statement breaks, none waits, nothing changes', async () => {
    expect(places.length).toBeGreaterThan(12);
    const before = await tables();
    const values = [...PAYLOADS.map((payload) => encodeURIComponent(payload)), ...RAW];
    for (const { what, method, address } of places) {
      for (const value of values) {
        const start = performance.now();
        const reply = await request(service.url)[method as 'get'](address(value));
        const place = `${what} = ${value.slice(0, 60)}`;
        expect(reply.status, place).toBeLessThan(500);
        if (reply.status >= 400) expect(reply.body, place).toMatchObject({ status: reply.status });
        expect(reply.headers['x-injected'], place).toBeUndefined();
        expect(performance.now() - start, place).toBeLessThan(4000);
      }
    }
    expect(await tables()).toEqual(before);
    const failed = service.logLines.filter((line) => /request failed|syntax error|42601/.test(line));
    expect(failed).toEqual([]);
  }, 120_000);

  test('and so is a parameter that there is not, or that stands there twice', async () => {
    for (const { method, address } of places) {
      for (const query of [
        'sort=event_id;drop',
        'order=1',
        'limit=1&limit=2',
        'cursor=a&cursor=b',
        'name[]=x',
        '__proto__=1',
      ]) {
        const path = address('1');
        const url = `${path}${path.includes('?') ? '&' : '?'}${query}`;
        const { status } = await request(service.url)[method as 'get'](url);
        expect(status, url).toBeLessThan(500);
      }
    }
    const { body } = await request(service.url).get('/ingestion/files?sort=name').expect(400);
    expect(body.detail).toContain('there is no parameter sort');
  });
});
