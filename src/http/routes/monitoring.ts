import { Type } from '@sinclair/typebox';
import { readStats } from '../../monitoring/stats.ts';
import { VERSION } from '../../version.ts';
import { probeProblems, problems, ref } from '../schemas/shared.ts';
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
        response: { 200: ref(StatsSchema), ...problems(401, 503) },
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
    app.get(
      url,
      { schema: { tags: ['health'], summary, security: [], response: responses }, logLevel: 'warn' },
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
        security: [],
        response: { ...probeProblems(), 200: Type.Object({ status: Type.Literal('ok') }) },
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
        response: { 200: { content: { 'text/plain': { schema: Type.String() } } }, ...problems(401) },
      },
      logLevel: 'warn',
    },
    async (_request, reply) => {
      const text = await metrics.registry.metrics();
      return reply.header('content-type', metrics.registry.contentType).send(text);
    },
  );
}
