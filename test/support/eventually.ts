import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits until `attempt` returns without throwing, and returns what it returned. Tests wait for conditions, never for time.
 * @throws the last error when `timeoutMs` is over
 */
export async function eventually<Result>(attempt: () => Promise<Result> | Result, timeoutMs = 30_000): Promise<Result> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(20);
    }
  }
}
