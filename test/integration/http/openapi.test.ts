import Fastify from 'fastify';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { plainFile } from '../../support/plain-events.ts';
import { type ObservedService, startObservedService } from './support/observed-server.ts';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly example?: unknown;
  readonly schema: Record<string, unknown>;
}

interface Reply {
  readonly description: string;
  readonly content?: Record<string, { schema: unknown; examples?: Record<string, unknown> }>;
}

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { content: Record<string, { schema: unknown }> };
  readonly responses: Record<string, Reply>;
  readonly security?: readonly unknown[];
}

interface Document {
  readonly openapi: string;
  readonly info: Record<string, unknown>;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: {
    readonly schemas: Record<string, { readonly examples?: readonly unknown[] }>;
    readonly securitySchemes?: unknown;
  };
}

let service: ObservedService;
let document: Document;

beforeAll(async () => {
  service = await startObservedService();
  document = (await request(service.url).get('/openapi.json').expect(200)).body;
});
afterAll(async () => await service.close());

function operations(): { name: string; operation: Operation }[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  );
}

describe('the document', () => {
  test('is OpenAPI 3.1 with a title, a version and a licence', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d$/);
    expect(document.info).toMatchObject({
      title: 'Sluice',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      license: { name: 'MIT' },
    });
  });

  test('describes every call that the server answers, and no other', () => {
    // HEAD comes with each GET; / and /assets are the dashboard, and what is below /docs is the page that shows this document.
    const isPage = (url: string) => url === '/' || url.startsWith('/assets/') || url.startsWith('/docs');
    const served = service.routes.filter(({ method, url }) => method !== 'HEAD' && !isPage(url));
    const names = served.map(({ method, url }) => `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
    expect(
      operations()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(names.sort());
    expect(names.length).toBeGreaterThan(19);
  });

  test('gives each response of each call a schema, success and failure', () => {
    for (const { name, operation } of operations()) {
      const statuses = Object.keys(operation.responses);
      expect(
        statuses.some((status) => status.startsWith('2')),
        name,
      ).toBe(true);
      expect(statuses, name).toEqual(expect.arrayContaining(['421', '500']));
      for (const [status, response] of Object.entries(operation.responses)) {
        const contents = Object.entries(response.content ?? {});
        // Some lists come as JSON or, for who asks for it, as CSV.
        const isList = /\/(?:rejects|purchases|users)$/.test(name) && status === '200';
        const types = isList ? ['application/json', 'text/csv'] : [expect.any(String)];
        expect(
          contents.map(([type]) => type),
          `${name} ${status}`,
        ).toEqual(types);
        const [[type, content] = ['', { schema: undefined }]] = contents;
        expect(content.schema, `${name} ${status}`).toEqual(expect.any(Object));
        const isHealth = name.startsWith('GET /health') && status === '503';
        if (Number(status) >= 400 && !isHealth) {
          expect(type, `${name} ${status}`).toBe('application/problem+json');
          expect(content.schema).toEqual({ $ref: '#/components/schemas/Problem' });
        }
      }
    }
  });

  test('F7 says which calls are limited: all but the probes; and that slow uploads are refused', () => {
    for (const { name, operation } of operations()) {
      expect('429' in operation.responses, name).toBe(!name.startsWith('GET /health'));
      expect('408' in operation.responses, name).toBe(/\/uploads|\/validate/.test(name));
    }
    const limited = document.paths['/ingestion/stats']?.['get']?.responses['429'];
    expect(limited).toMatchObject({ headers: { 'Retry-After': { schema: { type: 'integer' } } } });
  });

  test('each call has a summary and a description, and belongs to a group', () => {
    for (const { name, operation } of operations()) {
      expect(operation.summary, name).toEqual(expect.any(String));
      expect(operation.description, name).toEqual(expect.any(String));
      expect(operation.tags, name).toHaveLength(1);
    }
  });

  test('each parameter and each reply is described', () => {
    for (const { name, operation } of operations()) {
      for (const parameter of operation.parameters ?? []) {
        expect(parameter.description, `${name} ${parameter.name}`).toEqual(expect.any(String));
        // The page fills a field with it: wanted where a value is needed, but not for a filter.
        expect('example' in parameter, `${name} ${parameter.name}`).toBe(parameter.in === 'path');
      }
      for (const [status, { description }] of Object.entries(operation.responses)) {
        expect(description, `${name} ${status}`).not.toBe('Default Response');
      }
    }
  });

  /** What a call is about, and no default could stand for; everywhere else that is in the path. */
  const ASKED_ABOUT = ['GET /ingestion/verify fileId'];

  test('what has a default need not be sent', () => {
    for (const { name, operation } of operations()) {
      for (const parameter of operation.parameters ?? []) {
        const isRequired = parameter.required === true;
        const parameterName = `${name} ${parameter.name}`;
        expect(isRequired, parameterName).toBe(parameter.in === 'path' || ASKED_ABOUT.includes(parameterName));
      }
    }
  });

  test('both uploads say what their body is', () => {
    const form = document.paths['/uploads']?.['post']?.requestBody?.content['multipart/form-data']?.schema;
    expect(form).toMatchObject({
      properties: { file: { type: 'array', items: { type: 'string', format: 'binary' } } },
    });
    const bare = document.paths['/uploads/{name}']?.['put']?.requestBody?.content;
    expect(bare?.['text/csv']?.schema).toMatchObject({ type: 'string', format: 'binary' });
  });

  test('every reference leads somewhere', () => {
    for (const [, name] of JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
      expect(Object.keys(document.components.schemas)).toContain(name);
    }
    expect(JSON.stringify(document)).not.toMatch(/"\$ref":"(?!#\/components)/);
  });

  test('asks for the key where there is one, but not for health and itself', async () => {
    expect(document.components.securitySchemes).toBeUndefined();
    const key = 'an-api-key-of-the-openapi-test';
    const guarded = await startObservedService({ env: { API_KEY: key } });
    try {
      const { body } = await request(guarded.url).get('/openapi.json').expect(200);
      expect(body.components.securitySchemes).toEqual({ apiKey: { type: 'http', scheme: 'bearer' } });
      expect(body.security).toEqual([{ apiKey: [] }]);
      for (const path of ['/health', '/health/live', '/health/ready', '/openapi.json'])
        expect(body.paths[path].get.security).toEqual([]);
    } finally {
      await guarded.close();
    }
  });
});

describe('real replies are what the document says', () => {
  /** Faults of a reply by the schema of its call, status and content type. */
  async function faults(method: string, path: string, reply: request.Response): Promise<unknown> {
    const response = document.paths[path]?.[method]?.responses[String(reply.status)];
    const contents = Object.entries(response?.content ?? {});
    const [type = '', content] = contents.find(([type]) => reply.headers['content-type']?.startsWith(type)) ?? [];
    expect(Object.keys(response?.content ?? {}), `${method} ${path} ${reply.status}`).toContain(type);
    if (content?.examples !== undefined) expect(Object.keys(content.examples)).toContain(reply.body.code);
    return await faultsBySchema(Object(content?.schema), type.startsWith('text/') ? reply.text : reply.body);
  }

  async function faultsBySchema(schema: object, value: unknown): Promise<unknown> {
    const own = JSON.stringify({ ...schema, definitions: document.components.schemas });
    const validate = (await compiler())(JSON.parse(own.replaceAll('#/components/schemas/', '#/definitions/')));
    return validate(value) === true ? [] : validate.errors;
  }

  type Validate = ((data: unknown) => boolean) & { errors?: unknown };
  let compiled: ((schema: object) => Validate) | undefined;
  /** The JSON Schema compiler of fastify, told to change nothing of what it looks at. */
  async function compiler(): Promise<(schema: object) => Validate> {
    if (compiled !== undefined) return compiled;
    const taken = Fastify({
      ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
    });
    taken.get('/', async (call) => {
      compiled = (schema) => call.compileValidationSchema(schema) as Validate;
      return 'taken';
    });
    await taken.inject('/');
    await taken.close();
    if (compiled === undefined) throw new TypeError('no compiler');
    return compiled;
  }

  test('of every call, on success and on failure', async () => {
    const agent = request(service.url);
    const content = Buffer.from(plainFile({ tag: 'openapi', to: 40, badEvery: 7 }));
    const uploaded = await agent.put('/uploads/openapi.csv?wait=30').send(content);
    const { fileId } = uploaded.body.files[0];
    const failed = await agent.post('/uploads?wait=30').attach('file', Buffer.from('a,b\n'), 'failed.csv');
    const dirty = Buffer.from(plainFile({ tag: 'held', to: 10, badEvery: 2 }));
    const held = await agent.put('/uploads/held.csv?wait=30&maxRejectPercent=12.5').send(dirty);
    const heldId = held.body.files[0].fileId;
    const replies: [string, string, request.Response][] = [
      ['put', '/uploads/{name}', held],
      ['put', '/uploads/{name}', uploaded],
      ['post', '/uploads', failed],
      ['post', '/uploads', await agent.post('/uploads').attach('file', content, 'queued.csv')],
      ['post', '/uploads', await agent.post('/uploads').send({})],
      ['post', '/uploads', await agent.post('/uploads').field('a', 'b')],
      ['post', '/validate', await agent.post('/validate').attach('file', content, 'checked.csv')],
      ['post', '/validate', await agent.post('/validate').type('text/csv').send('userId;b\n')],
      ['post', '/validate', await agent.post('/validate').field('a', 'b')],
      ['get', '/ingestion/files', await agent.get('/ingestion/files')],
      ['get', '/ingestion/files', await agent.get('/ingestion/files?limit=x')],
      ['get', '/ingestion/files/{fileId}', await agent.get(`/ingestion/files/${fileId}`)],
      ['get', '/ingestion/files/{fileId}', await agent.get('/ingestion/files/12345')],
      ['get', '/ingestion/explain', await agent.get('/ingestion/explain?name=openapi.csv')],
      ['get', '/ingestion/explain', await agent.get('/ingestion/explain?path=nothing.csv')],
      ['get', '/ingestion/explain', await agent.get('/ingestion/explain')],
      ['get', '/ingestion/files/{fileId}/rejects', await agent.get(`/ingestion/files/${fileId}/rejects?limit=2`)],
      [
        'get',
        '/ingestion/files/{fileId}/rejects',
        await agent.get(`/ingestion/files/${fileId}/rejects`).set('accept', 'text/csv'),
      ],
      ['post', '/ingestion/files/{fileId}/retry', await agent.post(`/ingestion/files/${fileId}/retry`)],
      [
        'post',
        '/ingestion/files/{fileId}/retry',
        await agent.post(`/ingestion/files/${failed.body.files[0].fileId}/retry`),
      ],
      ['delete', '/ingestion/files/{fileId}', await agent.delete('/ingestion/files/12345')],
      ['post', '/ingestion/files/{fileId}/release', await agent.post(`/ingestion/files/${heldId}/release`)],
      ['post', '/ingestion/files/{fileId}/release', await agent.post(`/ingestion/files/${fileId}/release`)],
      ['delete', '/ingestion/files/{fileId}', await agent.delete(`/ingestion/files/${fileId}`)],
      ['delete', '/ingestion/files/{fileId}', await agent.delete(`/ingestion/files/${fileId}`)],
      ['get', '/ingestion/rejects/summary', await agent.get('/ingestion/rejects/summary')],
      ['get', '/ingestion/verify', await agent.get(`/ingestion/verify?fileId=${heldId}`)],
      ['get', '/ingestion/verify', await agent.get('/ingestion/verify?fileId=12345')],
      ['get', '/ingestion/verify', await agent.get('/ingestion/verify')],
      ['get', '/ingestion/stats', await agent.get('/ingestion/stats')],
      ['get', '/analytics/purchases', await agent.get('/analytics/purchases')],
      ['get', '/analytics/purchases', await agent.get('/analytics/purchases?format=csv')],
      ['get', '/analytics/users', await agent.get('/analytics/users')],
      ['get', '/analytics/users', await agent.get('/analytics/users').set('accept', 'text/csv')],
      ['get', '/analytics/users/{userId}', await agent.get('/analytics/users/user-1')],
      ['get', '/analytics/users/{userId}', await agent.get('/analytics/users/nobody')],
      ['get', '/health', await agent.get('/health')],
      ['get', '/health/ready', await agent.get('/health/ready')],
      ['get', '/health/live', await agent.get('/health/live')],
      ['get', '/metrics', await agent.get('/metrics')],
      ['get', '/openapi.json', await agent.get('/openapi.json')],
    ];
    for (const [method, path, reply] of replies) {
      expect(await faults(method, path, reply), `${method} ${path} ${reply.status} ${reply.text}`).toEqual([]);
    }
    const seen = new Set(replies.map(([method, path]) => `${method.toUpperCase()} ${path}`));
    const all = operations().map(({ name }) => name);
    // The stream of live events is looked at in live-events.test.ts.
    expect([...seen, 'GET /ingestion/events'].sort()).toEqual(all.sort());
  });

  test('and so are the examples of replies', async () => {
    const withExample = Object.entries(document.components.schemas).filter(([name]) => name !== 'Problem');
    for (const [name, { examples = [] }] of withExample) {
      expect(examples.length, name).toBe(1);
      expect(await faultsBySchema({ $ref: `#/components/schemas/${name}` }, examples[0]), name).toEqual([]);
    }
  });

  test('the check would notice a reply that is not', async () => {
    const reply = await request(service.url).get('/health');
    reply.body.uptimeSeconds = 'long';
    expect(await faults('get', '/health', reply)).not.toEqual([]);
  });
});

describe('GET /docs', () => {
  test('is a page of which every part is served by this server and allowed by its policy', async () => {
    const page = await request(service.url).get('/docs').expect(200);
    expect(page.headers['content-type']).toMatch(/^text\/html\b/);
    const policy = String(page.headers['content-security-policy']);
    const directive = (name: string) => new RegExp(`(?:^|;)\\s*${name} ([^;]*)`).exec(policy)?.[1];
    expect(directive('script-src')?.trim()).toBe("'self'");
    expect(directive('style-src')?.trim()).toBe("'self'");
    expect(directive('connect-src')?.trim()).toBe("'self'");
    expect(directive('frame-ancestors')?.trim()).toBe("'none'");
    // Over plain HTTP it would make browsers ask for the parts where nobody listens.
    expect(policy).not.toContain('upgrade-insecure-requests');
    expect(policy).not.toMatch(/unsafe-|https?:/);

    const inline = page.text.match(/<script(?![^>]*\bsrc=)[^>]*>|<style|\son\w+=|style=/g);
    expect(inline).toBeNull();
    const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);
    expect(parts.length).toBeGreaterThan(4);
    for (const part of parts) {
      const address = new URL(part, `${service.url}/docs`);
      expect(address.origin).toBe(new URL(service.url).origin);
      const { headers } = await request(service.url).get(address.pathname).expect(200);
      if (part.endsWith('.js')) expect(headers['content-type']).toMatch(/javascript/);
      if (part.endsWith('.css')) expect(headers['content-type']).toMatch(/^text\/css\b/);
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
  });

  test('shows the same document', async () => {
    const { body } = await request(service.url).get('/docs/json').expect(200);
    expect(body.paths).toEqual(document.paths);
  });
});
