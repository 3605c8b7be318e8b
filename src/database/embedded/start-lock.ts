import { randomBytes } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { processStartedAt } from './live-process.ts';

const PREFIX = 'postgres.lock.';

/**
 * Runs `work` while no other process, and no other call in this one, works on the embedded PostgreSQL of this
 * directory.
 *
 * Each contender puts up a flag file of its own and then looks around: it goes in only where it sees no other living
 * flag, else it takes its own down and tries again after a random pause. Of two that look, at least one sees the other's
 * flag, so never two go in. A flag's name holds the process id, its start time and a random part and is never used twice,
 * so that removing a dead one can not hit a living one, which one lock file with a takeover can not promise.
 *
 * @throws EmbeddedPostgresError `locked` after `waitMs`
 */
export async function withStartLock<T>(directory: string, waitMs: number, work: () => Promise<T>): Promise<T> {
  const startedAt = (await processStartedAt(process.pid)) ?? '0';
  const flag = `${PREFIX}${process.pid}.${startedAt}.${randomBytes(8).toString('hex')}`;
  const deadline = performance.now() + waitMs;
  try {
    for (;;) {
      await writeFile(join(directory, flag), '', { flag: 'wx', mode: 0o600 });
      const holder = await findLivingFlag(directory, flag);
      if (holder === null) return await work();
      await rm(join(directory, flag), { force: true });
      if (performance.now() >= deadline) {
        throw new EmbeddedPostgresError(
          'locked',
          `Process ${holder} has been starting or stopping the embedded PostgreSQL of ${directory} for ${waitMs / 1000} s. Wait for it, or end it, and start again.`,
        );
      }
      await sleep(10 + Math.random() * 60);
    }
  } finally {
    await rm(join(directory, flag), { force: true });
  }
}

/** The process id on another living flag, or null. Flags of the dead are removed on the way. */
async function findLivingFlag(directory: string, own: string): Promise<string | null> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith(PREFIX) || name === own) continue;
    const [pid = '', startedAt] = name.slice(PREFIX.length).split('.');
    if ((await processStartedAt(Number(pid))) === startedAt) return pid;
    await rm(join(directory, name), { force: true });
  }
  return null;
}
