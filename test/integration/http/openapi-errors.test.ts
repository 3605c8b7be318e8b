import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROBLEM_CODES, PROBLEMS_OF_NO_CALL } from '../../../src/http/problem-codes.ts';
import { DatabaseProxy } from '../../support/database-proxy.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTestService, type TestService } from '../../support/service.ts';

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

interface Response {
  readonly description: string;
  readonly content: Record<string, { readonly examples?: Record<string, { readonly value: Problem }> }>;
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Record<string, Response>;
}

interface Document {
  readonly info: { readonly description: string };
  readonly paths: Record<string, Record<string, Operation>>;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

const KEY = 'the-key-of-the-test-of-described-errors';
const WITH_KEY = { authorization: `Bearer ${KEY}` };

let database: TestDatabase;
let proxy: DatabaseProxy;
let service: TestService;
let document: Document;
let calls: Call[];

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await DatabaseProxy.start(database.connectionString);
  service = await startTestService({
    database: { ...database, connectionString: proxy.connectionString },
    env: { API_KEY: KEY, MAX_UPLOAD_BYTES: '2048' },
  });
  document = (await (await fetch(`${service.url}/openapi.json`)).json()) as Document;
  calls = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
});
afterAll(async () => {
  await service.close();
  await proxy.close();
  await database.drop();
});

/** Codes by status, as a call lists them. */
function codesOf({ operation }: Call): Record<string, string[]> {
  const problems = Object.entries(operation.responses).flatMap(([status, { content }]) => {
    const { examples } = content['application/problem+json'] ?? {};
    return examples === undefined ? [] : [[status, Object.keys(examples)] as const];
  });
  return Object.fromEntries(problems);
}

describe('the errors of a call', () => {
  test('are told by code, with what they mean, what to do, and an example', () => {
    for (const call of calls) {
      for (const [status, codes] of Object.entries(codesOf(call))) {
        const where = `${call.method} ${call.path} ${status}`;
        const { description, content } = call.operation.responses[status] ?? { description: '', content: {} };
        for (const code of codes) {
          const { value } = content['application/problem+json']?.examples?.[code] ?? {};
          expect(value, where).toMatchObject({
            status: Number(status),
            code,
            detail: expect.stringMatching(/\w\. \w/),
          });
          expect(description, where).toContain(`- \`${code}\`: `);
        }
      }
    }
  });

  test('together are all that there are, but for those of no call, which stand above the calls', () => {
    const described = new Set(calls.flatMap((call) => Object.values(codesOf(call)).flat()));
    for (const code of PROBLEMS_OF_NO_CALL) {
      expect(document.info.description).toContain(`- \`${code}\`: `);
      described.add(code);
    }
    expect([...described].sort()).toEqual(Object.keys(PROBLEM_CODES).sort());
  });
});

interface Attempt {
  readonly path?: (path: string) => string;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer | string;
}

const FORM = { 'content-type': 'multipart/form-data; boundary=x' };
const form = (disposition: string, content = '') =>
  `--x\r\ncontent-disposition: form-data; ${disposition}\r\n\r\n${content}\r\n--x--\r\n`;

/** What clients get wrong, tried on each call: some call refuses each, for the reason that is named first. */
const ATTEMPTS: readonly (readonly [code: string, Attempt])[] = [
  ['unauthorized', { headers: { authorization: 'Bearer another' } }],
  ['cross_site_request', { headers: { ...WITH_KEY, origin: 'http://elsewhere.example' } }],
  ['host_not_allowed', { headers: { ...WITH_KEY, host: 'elsewhere.example' } }],
  ['invalid_request', { path: (path) => `${path}?nonsense=1` }],
  ['invalid_cursor', { path: (path) => `${path}?cursor=nonsense` }],
  ['file_not_found', {}],
  ['user_not_found', {}],
  ['not_multipart', { headers: { 'content-type': 'text/csv' }, body: 'a,b\n' }],
  ['url_too_long', { path: (path) => path.replace(/12345|somebody|some\.csv/, 'x'.repeat(1001)) }],
  ['unsupported_media_type', { headers: { 'content-type': 'nonsense' }, body: 'a,b\n' }],
  ['unsupported_content_encoding', { headers: { 'content-encoding': 'br' }, body: 'a,b\n' }],
  ['body_too_large', { body: Buffer.alloc(65 * 1024) }],
  ['upload_too_large', { body: Buffer.alloc(65 * 1024) }],
  ['no_file', { headers: FORM, body: form('name=a') }],
  [
    'malformed_multipart',
    { headers: FORM, body: '--x\r\ncontent-disposition: form-data; name=a; filename=a.csv\r\n\r\nabc' },
  ],
  [
    'too_many_parts',
    { headers: FORM, body: form('name=a').slice(0, -'--x--\r\n'.length).repeat(101) + form('name=a') },
  ],
];

async function attempt(call: Call, { path = (own) => own, headers = {}, body }: Attempt): Promise<Problem | undefined> {
  const own = call.path.replace('{fileId}', '12345').replace('{userId}', 'somebody').replace('{name}', 'some.csv');
  const url = new URL(path(own), service.url);
  return await new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: call.method, headers: { ...WITH_KEY, ...headers } }, (reply) => {
      // The stream of live events has no end.
      if ((reply.statusCode ?? 0) < 400) {
        resolve(undefined);
        request.destroy();
        return;
      }
      let text = '';
      reply.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      reply.once('error', reject).once('end', () => resolve(JSON.parse(text) as Problem));
    });
    request.once('error', reject).end(body);
  });
}

/** Fails where a call answers what it does not list; gives the codes that came. */
async function codesOfAll(one: Attempt): Promise<Set<string>> {
  const seen = new Set<string>();
  for (const call of calls) {
    const problem = await attempt(call, one);
    // Health says that the database is away with a body of its own.
    if (problem?.code === undefined) continue;
    const listed = [...(codesOf(call)[problem.status] ?? []), ...PROBLEMS_OF_NO_CALL];
    expect(listed, `${call.method} ${call.path}: ${JSON.stringify(problem)}`).toContain(problem.code);
    seen.add(problem.code);
  }
  return seen;
}

describe('whatever a call refuses, it lists', () => {
  test.each(ATTEMPTS)('%s', async (code, one) => {
    expect(await codesOfAll(one)).toContain(code);
  });

  test('database_unavailable', async () => {
    proxy.cut();
    try {
      expect(await codesOfAll({})).toContain('database_unavailable');
    } finally {
      proxy.restore();
    }
  });
});
