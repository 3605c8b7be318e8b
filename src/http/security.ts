import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Config, isLoopback } from '../config.ts';
import { HttpProblem } from './problem.ts';
import { addRateLimits } from './rate-limit.ts';

const READING_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD']);
const SAFE_METHODS: ReadonlySet<string> = new Set([...READING_METHODS, 'OPTIONS']);
/** Asked often, by what must not be turned away, and cheap. */
const PROBES: ReadonlySet<string> = new Set(['/health', '/health/live', '/health/ready']);
/** Without a key: probes, and the pages on which the key is entered, with what they are made of. They hold no data. */
const OPEN_PATHS: ReadonlySet<string> = new Set([...PROBES, '/', '/assets/*', '/docs', '/openapi.json']);

/**
 * Checks that come before anything of a request is parsed, on every route and on unknown ones.
 *
 * A service without a key can be reached by any page in a browser of the same machine or network: a form post needs no
 * permission, and with a name that resolves to the service (DNS rebinding) a page may even read replies. So the Host
 * header must be one that no such page can have, and a request that changes something must not come from another site
 * (https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html).
 * A page can not know the key; with one, a reachable service may have any name.
 */
export async function addSecurity(
  app: FastifyInstance,
  config: Pick<Config, 'HOST' | 'API_KEY' | 'RATE_LIMIT'>,
): Promise<void> {
  const keyDigest = config.API_KEY === undefined ? undefined : digest(config.API_KEY);
  const isLocalOnly = isLoopback(config.HOST);
  const limits = await addRateLimits(app, config.RATE_LIMIT);

  app.addHook('onRequest', async (request) => {
    // The path as the router matched it: deciding on the raw URL would leave encodings of it open.
    const path = request.routeOptions.url ?? '';
    const isKeyHolder = keyDigest !== undefined && holdsKey(request, keyDigest);
    const name = hostName(request);
    const isForeignName =
      (isLocalOnly && !isLocalName(name)) || (keyDigest === undefined && !isLocalName(name) && !isUnregistrable(name));
    // First, so that what is refused below is counted too.
    if (!PROBES.has(path)) {
      const isOther = isForeignName || isFromAnotherSite(request);
      await limits.countRequest(request, isKeyHolder ? 'key-holder' : isOther ? 'other-site' : 'address');
    }
    if (isLocalOnly && !isLocalName(name)) {
      const detail = 'this server listens on loopback only and answers to localhost and 127.0.0.1';
      throw new HttpProblem('host_not_allowed', detail);
    }
    if (isForeignName) {
      const detail =
        'without a key this server answers to IP addresses and names without a dot only: set API_KEY to serve it under a name of its own';
      throw new HttpProblem('host_not_allowed', detail);
    }
    if (!SAFE_METHODS.has(request.method) && isFromAnotherSite(request)) {
      throw new HttpProblem('cross_site_request', 'requests that change something must not come from another site');
    }
    const isOpen = READING_METHODS.has(request.method) && (OPEN_PATHS.has(path) || path.startsWith('/docs/'));
    if (keyDigest !== undefined && !isOpen && !isKeyHolder) {
      await limits.countRefusedKey(request);
      throw new HttpProblem('unauthorized', 'send the API key as "Authorization: Bearer <key>"', {
        headers: { 'www-authenticate': 'Bearer realm="sluice"' },
      });
    }
  });
}

/** The name in the Host header, without port; empty where there is none. */
function hostName(request: FastifyRequest): string {
  return (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
}

function isLocalName(name: string): boolean {
  return isLoopback(name) || name.endsWith('.localhost');
}

/** What nobody can register and point elsewhere: an address, or a name without a dot such as one of a container. */
function isUnregistrable(name: string): boolean {
  return isIP(name) === 4 || /^\[[\da-f:.]+\]$/.test(name) || /^[a-z0-9_-]+$/.test(name);
}

function isFromAnotherSite(request: FastifyRequest): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site') return true;
  const { origin } = request.headers;
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== request.headers.host?.toLowerCase();
}

function holdsKey(request: FastifyRequest, keyDigest: Buffer): boolean {
  const match = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '');
  // Digests have one length, so the comparison tells nothing about the key's.
  if (match?.[1] === undefined || !timingSafeEqual(digest(match[1]), keyDigest)) return false;
  // Of several headers Node shows the first, while a proxy in front may have checked the last.
  return request.raw.headersDistinct['authorization']?.length === 1;
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
