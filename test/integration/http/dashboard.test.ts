import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import request from 'supertest';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addDashboard } from '../../../src/http/dashboard.ts';
import { startTestService, type TestService } from '../../support/service.ts';

describe('the dashboard that was built', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService({ env: { API_KEY: 'a-key-of-the-service' } });
  });
  afterAll(async () => await service.close());

  const partsOf = (html: string) => [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);

  test('is a document without anything inline, under a policy that allows nothing from elsewhere', async () => {
    const page = await request(service.url).get('/').expect(200).expect('content-type', 'text/html; charset=utf-8');
    const policy = new Map(
      String(page.headers['content-security-policy'])
        .split(';')
        .map((directive) => directive.trim().split(' '))
        .map(([name = '', ...values]) => [name, values.join(' ')]),
    );
    expect(Object.fromEntries(policy)).toEqual({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'img-src': "'self'",
      'connect-src': "'self'",
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
      'require-trusted-types-for': "'script'",
      'trusted-types': "'none'",
    });
    expect(page.text.match(/<script(?![^>]*\bsrc=)[^>]*>|<style|\son\w+=|style=|data:|https?:/g)).toBeNull();
  });

  test('comes without a key, with all of its parts, which hold no data', async () => {
    const page = await request(service.url).get('/').expect(200);
    const parts = partsOf(page.text);
    expect(parts.map((part) => part.replace(/-[\w-]{8}\./, '-HASH.')).sort()).toEqual([
      './assets/favicon-HASH.svg',
      './assets/index-HASH.css',
      './assets/index-HASH.js',
    ]);
    for (const part of parts) {
      await request(service.url)
        .get(new URL(part, `${service.url}/`).pathname)
        .expect(200);
    }
    await request(service.url).get('/ingestion/stats').expect(401);
  });

  test('is asked for anew each time, and its parts, whose names change with them, never again', async () => {
    const page = await request(service.url).get('/').expect('cache-control', 'no-cache');
    const etag = String(page.headers['etag']);
    await request(service.url).get('/').set('if-none-match', etag).expect(304);
    for (const part of partsOf(page.text)) {
      await request(service.url)
        .get(new URL(part, `${service.url}/`).pathname)
        .expect('cache-control', 'public, max-age=31536000, immutable')
        .expect('x-content-type-options', 'nosniff');
    }
  });

  test('has nothing else below its address', async () => {
    for (const path of ['/assets/nope.js', '/assets/', '/assets/..%2findex.html', '/assets/.sluice-built']) {
      const { body, status } = await request(service.url).get(path);
      expect({ path, status, code: body.code }).toEqual({ path, status: 404, code: 'not_found' });
    }
    await request(service.url).delete('/').set('authorization', 'Bearer a-key-of-the-service').expect(405);
  });
});

describe('the dashboard that was not built', () => {
  let directory: string;
  let app: FastifyInstance;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-dashboard-'));
    app = Fastify();
    await addDashboard(app, directory);
  });
  afterEach(async () => {
    await app.close();
    await rm(directory, { recursive: true });
  });

  test('says what to run, and is there as soon as it was', async () => {
    const reply = await app.inject('/');
    expect(reply.statusCode).toBe(503);
    expect(reply.headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
    expect(reply.body).toContain('npm run build');
    await mkdir(join(directory, 'assets'));
    await writeFile(join(directory, 'index.html'), '<title>built</title>');
    await writeFile(join(directory, 'assets', 'a.js'), 'built');
    expect((await app.inject('/')).body).toBe('<title>built</title>');
    expect((await app.inject('/assets/a.js')).body).toBe('built');
  });
});
