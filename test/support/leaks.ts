import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { eventually } from './eventually.ts';
import type { TestDatabase } from './postgres.ts';

const SETTLED_WITHIN_MS = 15_000;
/** An event loop opens some descriptors when they are first needed; one that leaks with each fault soon has more. */
const OPENED_LATER = 8;

/** What a running service holds, to be compared with what it held before a fault. */
export interface Holdings {
  readonly descriptors: number;
  readonly children: number;
}

/** What a process has open and started (https://man7.org/linux/man-pages/man5/proc.5.html). Sockets come and go with pools and are asked of the database. */
export async function holdingsOf(pid: number): Promise<Holdings> {
  const links = await readdir(`/proc/${pid}/fd`);
  const targets = await Promise.all(links.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => 'socket:')));
  const threads = await readdir(`/proc/${pid}/task`);
  const children = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  return {
    descriptors: targets.filter((target) => !target.startsWith('socket:')).length,
    children: children.join(' ').split(/\s+/).filter(Boolean).length,
  };
}

/**
 * Waits until nothing of a fault is left: no session in an open transaction, no advisory lock, no more connections than
 * the pools of `replicas` services may keep, no file in the spool, and where a process is given, no more descriptors
 * or children than before.
 */
export async function expectNothingLeaked(of: {
  readonly database: TestDatabase;
  readonly directory: string;
  readonly replicas?: number;
  readonly process?: { readonly pid: number; readonly before: Holdings };
}): Promise<void> {
  const { database, directory, replicas = 1, process: watched } = of;
  await eventually(async () => {
    const [sessions] = await database.query<{ idle: number; open: number; locks: number }>(`
      select count(*) filter (where state like 'idle in transaction%')::int as idle, count(*)::int as open,
             (select count(*)::int from pg_locks l where l.locktype = 'advisory'
                 and l.database = (select oid from pg_database where datname = current_database())) as locks
        from pg_stat_activity where datname = current_database() and application_name like 'sluice%'`);
    expect(sessions).toMatchObject({ idle: 0, locks: 0 });
    // API 6, analytics 3, queue 3, a loader or two, the moment of a migration.
    expect(sessions?.open).toBeLessThanOrEqual(replicas * 15);
    expect(await readdir(join(directory, '.uploads')).catch(() => [])).toEqual([]);
    const asides = (await readdir(directory)).filter((name) => name.startsWith('.sluice-'));
    expect(asides).toEqual([]);
    if (watched === undefined) return;
    const now = await holdingsOf(watched.pid);
    expect(now.descriptors).toBeLessThanOrEqual(watched.before.descriptors + OPENED_LATER);
    expect(now.children).toBeLessThanOrEqual(watched.before.children);
  }, SETTLED_WITHIN_MS);
}
