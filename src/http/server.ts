import helmet from '@fastify/helmet';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { LiveFeed } from '../monitoring/live-feed.ts';
import { CONNECTION_LIMITS, type ConnectionLimits } from './connection-limits.ts';
import { addDashboard } from './dashboard.ts';
import { addErrorHandling, replyToBadRequest, replyToBadUrl } from './error-handler.ts';
import { addOpenApi } from './openapi.ts';
import { addParameterCheck } from './parameter-check.ts';
import { buildSerializer } from './reply-serializer.ts';
import { addAnalyticsRoutes } from './routes/analytics.ts';
import { addExplainRoute } from './routes/explain.ts';
import { addFileActionRoutes } from './routes/file-actions.ts';
import { addFileRoutes } from './routes/files.ts';
import { addLiveEventRoutes } from './routes/live-events.ts';
import { addMonitoringRoutes } from './routes/monitoring.ts';
import { addRejectSummaryRoute } from './routes/reject-summary.ts';
import { addUploadRoutes } from './routes/uploads.ts';
import { addValidateRoute } from './routes/validate.ts';
import { addVerifyRoute } from './routes/verify.ts';
import { PurchasesSchema, UserSchema } from './schemas/analytics.ts';
import { ExplanationSchema } from './schemas/explanation.ts';
import { FileSchema, RejectSchema } from './schemas/file.ts';
import { FileCheckSchema } from './schemas/file-check.ts';
import { RejectClusterSchema } from './schemas/reject-cluster.ts';
import { ProblemSchema } from './schemas/shared.ts';
import { HealthSchema, StatsSchema } from './schemas/stats.ts';
import { ValidationSchema } from './schemas/validation.ts';
import { addSecurity } from './security.ts';
import type { App, Services } from './services.ts';
import { takeFiles } from './upload-body.ts';

/** Requests without a file have no body worth mentioning. */
const BODY_LIMIT_BYTES = 64 * 1024;

/** The HTTP side: every route is registered in the table below. */
export async function createServer(
  services: Services & { readonly feed: LiveFeed; readonly log: Logger },
  limits: ConnectionLimits = CONNECTION_LIMITS,
): Promise<App> {
  const { config, health, metrics, log } = services;
  const app: App = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    bodyLimit: BODY_LIMIT_BYTES,
    connectionTimeout: limits.idleTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    http: {
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: limits.checkMs,
      maxHeaderSize: 16 * 1024,
    },
    routerOptions: { maxParamLength: 1000 },
    trustProxy: false,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: 'idle',
    frameworkErrors: replyToBadUrl,
    clientErrorHandler: replyToBadRequest,
    schemaController: { compilersFactory: { buildSerializer } },
    // TypeBox has checked the schemas already, at compile time; to check them against their own schema took 0.1 s of every start.
    ajv: { customOptions: { validateSchema: false } },
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.server.maxConnections = limits.maxConnections;
  // Without this listener Node invites the body before anybody has looked at the request's headers.
  app.server.on('checkContinue', (request, response) => app.server.emit('request', request, response));

  // No call but the uploads has a body that matters; what a client sends nevertheless is no reason to refuse it.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null));

  addErrorHandling(app, health);
  // Before the checks, so that what they refuse carries the headers too.
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    strictTransportSecurity: false,
    crossOriginResourcePolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  });
  await addSecurity(app, config);
  addParameterCheck(app);
  app.addHook('onResponse', async (request, reply) => {
    const labels = { method: request.method, route: request.routeOptions.url ?? 'unknown', status: reply.statusCode };
    metrics.httpDuration.observe(labels, reply.elapsedTime / 1000);
    request.log.debug({ ...labels, ms: Math.round(reply.elapsedTime) }, 'request');
  });
  for (const schema of [
    FileSchema,
    RejectSchema,
    RejectClusterSchema,
    ExplanationSchema,
    FileCheckSchema,
    StatsSchema,
    HealthSchema,
    PurchasesSchema,
    UserSchema,
    ValidationSchema,
    ProblemSchema,
  ]) {
    app.addSchema(schema);
  }
  await addOpenApi(app, { hasApiKey: config.API_KEY !== undefined });

  await app.register(async (scope: App) => {
    await takeFiles(scope, config.MAX_UPLOAD_BYTES);
    addUploadRoutes(scope, services, limits.uploadPace);
    addValidateRoute(scope, services, limits.uploadPace);
  });
  addFileRoutes(app, services);
  addFileActionRoutes(app, services);
  addRejectSummaryRoute(app, services);
  addExplainRoute(app, services);
  addVerifyRoute(app, services);
  addLiveEventRoutes(app, services, services.feed);
  addAnalyticsRoutes(app, services, limits.downloads);
  addMonitoringRoutes(app, services);
  await addDashboard(app);
  return app;
}
