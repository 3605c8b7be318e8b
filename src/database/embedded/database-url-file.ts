import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LOOPBACK } from './loopback-port.ts';
import { replaceFile } from './replace-file.ts';
import { isRoot } from './run-as.ts';

/** How to reach the embedded PostgreSQL: what the connection string holds besides what is always the same. */
export interface Access {
  readonly port: number;
  readonly secret: string;
}

/** Stands in the file between the making of a cluster and its first start. */
export const NO_PORT = 0;

export const SUPERUSER = 'sluice';
export const DATABASE = 'sluice';

export function connectionString({ port, secret }: Access): string {
  return `postgresql://${SUPERUSER}:${secret}@${LOOPBACK}:${port}/${DATABASE}`;
}

/** 256 random bits as hex, so that it needs no escaping in a URL, in SQL or in a shell. */
export function newSecret(): string {
  return randomBytes(32).toString('hex');
}

/** What the file holds; null where there is none or it is not one that `writeUrlFile` wrote. */
export async function readUrlFile(path: string): Promise<Access | null> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const [, secret, port] = /^postgresql:\/\/sluice:([0-9a-f]{64})@127\.0\.0\.1:(\d{1,5})\/sluice\s*$/.exec(text) ?? [];
  return secret === undefined ? null : { secret, port: Number(port) };
}

/** Replaces the file in one step. It stays with its owner, or goes to the directory's, also when root writes it. */
export async function writeUrlFile(path: string, access: Access): Promise<void> {
  const owner = await stat(path).catch(() => stat(dirname(path)));
  await replaceFile(path, connectionString(access), isRoot() ? owner : null);
}
