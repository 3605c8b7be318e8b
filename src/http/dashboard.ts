import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** Where `npm run build` puts it, seen from `dist/http` as well as from `src/http`. */
const BUILT_DASHBOARD = fileURLToPath(new URL('../../dist/dashboard', import.meta.url));

/** Files of its own and calls to this server; nothing inline, nothing from elsewhere, and no text ever becomes markup. */
const DASHBOARD_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const NOT_BUILT = `The dashboard is not built.

  npm run build     builds it; then reload this page
  npm start         builds what is missing, and starts Sluice

Everything else works: /docs lists the calls.
`;

/** The dashboard at `/`. Its pages stand behind the `#`, so there is one document, and files with a hash in their names. */
export async function addDashboard(app: FastifyInstance, directory = BUILT_DASHBOARD): Promise<void> {
  await app.register(fastifyStatic, {
    root: join(directory, 'assets'),
    prefix: '/assets/',
    schemaHide: true,
    index: false,
    redirect: false,
    dotfiles: 'ignore',
    // A folder is nothing here; left to the plugin it would be forbidden, as if there were something to see.
    allowedPath: (path) => !path.endsWith('/'),
    // The name changes with the content.
    immutable: true,
    maxAge: '1y',
  });
  app.get('/', { schema: { hide: true } }, async (_request, reply) => {
    try {
      await access(join(directory, 'index.html'));
    } catch {
      return reply.code(503).header('cache-control', 'no-store').type('text/plain; charset=utf-8').send(NOT_BUILT);
    }
    return reply
      .header('content-security-policy', DASHBOARD_POLICY)
      .header('cache-control', 'no-cache')
      .sendFile('index.html', directory, { cacheControl: false });
  });
}
