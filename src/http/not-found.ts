import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpProblem } from './problem.ts';

/** Makes the problem for requests that no route answers: 405 where another method would be answered, else 404. */
export function watchRoutes(app: FastifyInstance): (request: FastifyRequest) => HttpProblem {
  const routes: { readonly path: RegExp; readonly methods: readonly string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    const path = new RegExp(`^${url.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+').replace('*', '.*')}$`);
    routes.push({ path, methods: [method].flat() });
  });

  return (request) => {
    const path = request.url.split('?')[0] ?? '';
    const methods = routes.filter((route) => route.path.test(path)).flatMap((route) => route.methods);
    // A route that has found nothing itself, as that of files does, answers the method all the same.
    if (methods.length === 0 || methods.includes(request.method)) {
      return new HttpProblem('not_found', `there is no ${request.method} ${path}; GET /docs lists all calls`);
    }
    const allow = [...new Set(methods)].sort().join(', ');
    const hint =
      request.method === 'PUT' && path === '/uploads'
        ? 'to send one file, PUT /uploads/{name}: curl -T FILE …/uploads/, with the slash at the end'
        : 'GET /docs lists all calls';
    const detail = `${path} answers ${allow}, not ${request.method}; ${hint}`;
    return new HttpProblem('method_not_allowed', detail, { headers: { allow } });
  };
}
