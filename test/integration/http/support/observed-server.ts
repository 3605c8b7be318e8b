import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { startTestService, type TestService, type TestServiceOptions } from '../../../support/service.ts';

export interface ObservedService extends TestService {
  readonly app: FastifyInstance;
  /** every route that the server has, by the name under which routers know it */
  readonly routes: readonly { readonly method: string; readonly url: string }[];
}

/** A service together with its server, of which fastify tells on a diagnostics channel when it is made. */
export async function startObservedService(options: TestServiceOptions = {}): Promise<ObservedService> {
  const made: FastifyInstance[] = [];
  const routes: { method: string; url: string }[] = [];
  const onMade = (message: unknown) => {
    const { fastify } = message as { fastify: FastifyInstance };
    made.push(fastify);
    fastify.addHook('onRoute', ({ method, url }: RouteOptions) => {
      for (const one of [method].flat()) routes.push({ method: one, url });
    });
  };
  subscribe('fastify.initialization', onMade);
  try {
    const service = await startTestService(options);
    const [app] = made;
    if (app === undefined || made.length > 1) throw new TypeError(`${made.length} servers were made`);
    return { ...service, app, routes };
  } finally {
    unsubscribe('fastify.initialization', onMade);
  }
}
