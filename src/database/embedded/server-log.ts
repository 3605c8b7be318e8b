import { constants } from 'node:fs';
import { open, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';

const MAX_BYTES = 10 * 1024 * 1024;
const TAIL_BYTES = 4_096;

/** Inside the cluster, as that is the one directory where the user PostgreSQL runs as can surely write. */
export function logPath(cluster: string): string {
  return join(cluster, 'postgres.log');
}

/** Sets a log above 10 MiB aside as `postgres.log.1`, in place of the one before, and gives the size of what is left. */
export async function rotateLog(cluster: string): Promise<number> {
  const size = (await stat(logPath(cluster)).catch(() => null))?.size ?? 0;
  if (size <= MAX_BYTES) return size;
  await rename(logPath(cluster), `${logPath(cluster)}.1`);
  return 0;
}

/** The end of the log, at most 4 KiB and nothing before byte `from`, headed by where it is; for error messages. */
export async function readLogTail(cluster: string, from = 0): Promise<string> {
  const path = logPath(cluster);
  // The directory belongs to another user where root reads this: a link put there must not lead to a file of root's.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => null);
  if (file === null) return `(no log at ${path})`;
  try {
    const { size } = await file.stat();
    const start = Math.max(from, size - TAIL_BYTES, 0);
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(Math.max(size - start, 0)), position: start });
    return `${path}:\n${buffer.subarray(0, bytesRead).toString('utf8').trim()}`;
  } finally {
    await file.close();
  }
}
