import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpProblem } from './problem.ts';

const WINDOW_MS = 60_000;
/** Somebody who mistypes a key, or a program that has the old one, stays below it; a flood does not get far. */
const REFUSED_KEYS = 60;
/** Clients that are remembered; beyond that, whoever was not seen for longest begins anew. Some 150 bytes each. */
const CLIENTS = 5000;

/**
 * On whose behalf a request comes. A page of another site, in a browser on the same machine, has the address of everybody there:
 * counted together with them, it could shut them out.
 */
export type Sender = 'key-holder' | 'address' | 'other-site';

export interface RateLimits {
  /** @throws HttpProblem 429 beyond the requests that a client may make in a minute */
  countRequest(request: FastifyRequest, sender: Sender): Promise<void>;
  /** @throws HttpProblem 429 beyond the wrong or missing keys that an address may send in a minute */
  countRefusedKey(request: FastifyRequest): Promise<void>;
}

/**
 * Counts requests by client: everybody who holds the key is one, all others are told apart by their address, whatever key
 * they send, for keys cost nothing to make up. The address is that of the connection: X-Forwarded-For says what its
 * sender likes. IPv6 counts by /64, which is what one customer of a provider has.
 */
export async function addRateLimits(app: FastifyInstance, requestsPerMinute: number): Promise<RateLimits> {
  if (requestsPerMinute === 0) return { countRequest: async () => {}, countRefusedKey: async () => {} };
  // The plugin's own hooks are on routes, and so after ours and not on unknown addresses.
  await app.register(rateLimit, { global: false });
  const address = ({ socket }: FastifyRequest) => normalizeIP(socket.remoteAddress ?? '');
  const common = { timeWindow: WINDOW_MS, cache: CLIENTS };
  const byAddress = app.createRateLimit({ ...common, max: requestsPerMinute, keyGenerator: address });
  const byKey = app.createRateLimit({ ...common, max: requestsPerMinute, keyGenerator: () => 'the key' });
  const fromOtherSites = app.createRateLimit({ ...common, max: requestsPerMinute, keyGenerator: address });
  const limitOf = { 'key-holder': byKey, address: byAddress, 'other-site': fromOtherSites } as const;
  const refusedKeys = app.createRateLimit({ ...common, max: REFUSED_KEYS, keyGenerator: address });

  return {
    async countRequest(request, sender) {
      const limit = await limitOf[sender](request);
      if (limit.isAllowed || !limit.isExceeded) return;
      throw tooMany(`RATE_LIMIT allows ${limit.max} requests a minute`, limit.ttlInSeconds);
    },
    async countRefusedKey(request) {
      const limit = await refusedKeys(request);
      if (limit.isAllowed) return;
      // Once a minute and address: the log is not to be flooded either.
      if (limit.remaining === 0 && !limit.isExceeded) {
        request.log.warn(
          { address: address(request) },
          'requests without the API key, or with a wrong one, keep coming',
        );
      }
      if (limit.isExceeded) throw tooMany('too many requests without the API key', limit.ttlInSeconds);
    },
  };
}

function tooMany(detail: string, retryAfterSeconds: number): HttpProblem {
  return new HttpProblem('too_many_requests', `${detail}; try again in ${retryAfterSeconds} s`, {
    headers: { 'retry-after': String(retryAfterSeconds) },
  });
}
