import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { Type } from '@sinclair/typebox';
import { VERSION } from '../version.ts';
import { DOCS_PAGE } from './docs-page.ts';
import { INTRODUCTION } from './schemas/introduction.ts';
import { problems, withExamples } from './schemas/shared.ts';
import type { App } from './services.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** the body as OpenAPI describes it, where the handler reads it as a stream and no validator ever sees it */
    readonly streamedBody?: object;
  }
}

/** OpenAPI 3.1 made from the schemas by which requests are checked and replies written, and a page to try it. */
export async function addOpenApi(app: App, options: { readonly hasApiKey: boolean }): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Sluice',
        version: VERSION,
        description: INTRODUCTION,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      tags: [
        { name: 'uploads', description: 'Send files' },
        { name: 'ingestion', description: 'See what became of them' },
        { name: 'analytics', description: 'Ask what the events say' },
        { name: 'health', description: 'Probes and metrics' },
      ],
      ...(options.hasApiKey
        ? {
            components: { securitySchemes: { apiKey: { type: 'http' as const, scheme: 'bearer' } } },
            security: [{ apiKey: [] }],
          }
        : {}),
    },
    transform: ({ schema, url, route }) => {
      const body = route.config?.streamedBody;
      return { schema: body === undefined ? schema : { ...schema, body }, url };
    },
    refResolver: { buildLocalReference: (json, _baseUri, _fragment, i) => String(json['$id'] ?? `schema${i}`) },
  });
  await app.register(swaggerUi, DOCS_PAGE);
  app.get(
    '/openapi.json',
    {
      schema: {
        tags: ['health'],
        summary: 'This description, as OpenAPI 3.1',
        description: withExamples(
          'For generators of clients and other tools. It is made from the schemas by which requests are checked and replies are written.',
          'curl http://localhost:3000/openapi.json',
        ),
        security: [],
        response: {
          200: Type.Object(
            { openapi: Type.String() },
            { additionalProperties: true, description: 'An OpenAPI document' },
          ),
          ...problems(),
        },
      },
    },
    // The plugin's type leaves out that the document has a version.
    async () => ({ openapi: '3.1.0', ...app.swagger() }),
  );
}
