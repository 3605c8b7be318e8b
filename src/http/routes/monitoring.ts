import { Type } from '@sinclair/typebox';
import { readStats } from '../../monitoring/stats.ts';
import { VERSION } from '../../version.ts';
import { DATABASE_PROBLEMS, probeProblems, problems, ref, withExamples } from '../schemas/shared.ts';
import { HealthSchema, StatsSchema } from '../schemas/stats.ts';
import type { App, Services } from '../services.ts';

const RETRY_AFTER_SECONDS = '5';

export function addMonitoringRoutes(app: App, { database, watcher, health, metrics }: Services): void {
  app.get(
    '/ingestion/stats',
    {
      schema: {
        tags: ['ingestion'],
        summary: 'Totals, rates, lag and latency, of all replicas',
        description: withExamples(
          'Read from the ledger in one snapshot, so its numbers fit together. `watcher` is that of the process that answers. Live: `GET /ingestion/events`.',
          'curl http://localhost:3000/ingestion/stats',
        ),
        response: { 200: ref(StatsSchema), ...problems('unauthorized', ...DATABASE_PROBLEMS) },
      },
    },
    async () => ({ ...(await readStats(database)), watcher: { directory: watcher.directory, state: watcher.state } }),
  );

  const ask = async () => {
    const state = await health.database();
    return {
      status: state === 'ok' ? ('ok' as const) : ('unavailable' as const),
      database: state,
      watcher: watcher.state,
      version: VERSION,
      uptimeSeconds: Math.round(process.uptime()),
    };
  };
  const responses = { ...probeProblems(), 200: ref(HealthSchema), 503: ref(HealthSchema) };
  for (const url of ['/health', '/health/ready']) {
    const summary =
      url === '/health' ? 'Whether the service and its database work' : 'For readiness probes: the same as /health';
    const description = withExamples(
      '503 with the same body while the database is away or starting; files wait meanwhile, and nothing is lost. It needs no key, and is answered however ' +
        'often it is asked.',
      `curl http://localhost:3000${url}`,
    );
    app.get(
      url,
      { schema: { tags: ['health'], summary, description, security: [], response: responses }, logLevel: 'warn' },
      async (_request, reply) => {
        const answer = await ask();
        if (answer.status === 'ok') return answer;
        return reply.code(503).header('retry-after', RETRY_AFTER_SECONDS).send(answer);
      },
    );
  }

  app.get(
    '/health/live',
    {
      schema: {
        tags: ['health'],
        summary: 'For liveness probes: 200 as long as the process answers',
        description: withExamples(
          'It asks neither database nor disk: a process that waits for them is not to be killed.',
          'curl http://localhost:3000/health/live',
        ),
        security: [],
        response: {
          ...probeProblems(),
          200: Type.Object({ status: Type.Literal('ok') }, { description: 'The process answers' }),
        },
      },
      logLevel: 'warn',
    },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/metrics',
    {
      schema: {
        tags: ['health'],
        summary: 'Prometheus metrics',
        description: withExamples(
          'Rows, rejects by reason, files by outcome, queue, latency and memory of this process, in the text format of Prometheus. With `API_KEY` set, give the key to ' +
            'the scraper as `authorization` credentials.',
          'curl http://localhost:3000/metrics',
        ),
        response: {
          200: { description: 'Text format 0.0.4', content: { 'text/plain': { schema: Type.String() } } },
          ...problems('unauthorized'),
        },
      },
      logLevel: 'warn',
    },
    async (_request, reply) => {
      const text = await metrics.text();
      return reply.header('content-type', metrics.registry.contentType).send(text);
    },
  );
}
