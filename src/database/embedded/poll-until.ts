import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again every `everyMs` until the answer is not null, and gives null once `withinMs` have passed. */
export async function pollUntil<T>(
  ask: () => Promise<T | null>,
  { everyMs, withinMs }: { everyMs: number; withinMs: number },
): Promise<T | null> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null || performance.now() >= deadline) return answer;
    await sleep(everyMs);
  }
}
