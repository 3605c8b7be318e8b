import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify';
import { HttpProblem } from './problem.ts';
import { NO_NUL } from './schemas/shared.ts';

/** What the schemas of parameters in this service can say. */
interface ParameterSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

/** Refuses parameters that a route with parameters does not know: a mistyped filter would quietly list everything. */
export function addParameterCheck(app: FastifyInstance): void {
  app.addHook('preValidation', async (request) => {
    const known = Object.keys(parametersOf(request, 'querystring'));
    if (known.length === 0) return;
    const unknown = Object.keys(request.query ?? {}).filter((name) => !known.includes(name));
    if (unknown.length === 0) return;
    const detail = `there is no parameter ${unknown.join(', ')} here; there are: ${known.join(', ')}`;
    throw new HttpProblem('invalid_request', detail);
  });
  // ajv lets a number such as 1e999 become infinite, and an infinite number pass every bound.
  app.addHook('preHandler', async ({ query, params }) => {
    for (const [name, value] of [...Object.entries(query ?? {}), ...Object.entries(params ?? {})]) {
      if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) {
        throw new HttpProblem('invalid_request', `${name} must be a number that is written out`);
      }
    }
  });
}

/** What is wrong with a parameter and what would be right, for people; the validator's own words are for programmers. */
export function describeInvalid(error: FastifyError, request: FastifyRequest): string {
  const part = error.validationContext === 'params' ? 'params' : 'querystring';
  const name = error.validation?.[0]?.instancePath.split('/')[1] ?? '';
  const schema = parametersOf(request, part)[name];
  if (schema === undefined) return error.message;
  const values: Readonly<Record<string, unknown>> = Object(part === 'params' ? request.params : request.query);
  if (Array.isArray(values[name])) return `${name} must be given once`;
  return `${name} must be ${describeAllowed(schema)}`;
}

function describeAllowed(schema: ParameterSchema): string {
  if (schema.enum !== undefined) return `one of ${schema.enum.filter((value) => value !== '').join(', ')}`;
  if (schema.type === 'integer') return `a whole number from ${schema.minimum} to ${schema.maximum}`;
  if (schema.type === 'number') return `a number from ${schema.minimum} to ${schema.maximum}`;
  if (schema.format === 'date') return 'a date that exists, written as YYYY-MM-DD';
  const least = schema.minLength === undefined ? 'at most' : `${schema.minLength} to`;
  return `text of ${least} ${schema.maxLength} characters${schema.pattern === NO_NUL ? ', none of them NUL' : ''}`;
}

function parametersOf(
  request: FastifyRequest,
  part: 'params' | 'querystring',
): Readonly<Record<string, ParameterSchema>> {
  // Fastify leaves the type of schemas open; ours are those of src/http/routes.
  const schema = request.routeOptions.schema?.[part] as
    | { readonly properties?: Readonly<Record<string, ParameterSchema>> }
    | undefined;
  return schema?.properties ?? {};
}
