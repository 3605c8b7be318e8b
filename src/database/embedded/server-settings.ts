import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { LOOPBACK } from './loopback-port.ts';
import { replaceFile } from './replace-file.ts';
import type { RunAs } from './run-program.ts';

const FILE = 'sluice.conf';

/**
 * Loading writes about 160 MB of WAL per million events. 2 GB keeps checkpoints half a minute apart at full speed, and is
 * redone in about ten seconds after a crash, well within the deadline of a start; more was measured not to load
 * faster (docs/decisions/0001-embedded-postgres.md). fsync, full_page_writes and synchronous_commit stay as PostgreSQL has
 * them: on.
 */
const SETTINGS = `# Sluice writes this file anew at every start. For a setting of your own use ALTER SYSTEM, which wins over it.
max_wal_size = '2GB'
checkpoint_timeout = '15min'
log_checkpoints = off
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
`;

/** Makes a new cluster read the settings of Sluice after its own. */
export async function includeSettings(cluster: string): Promise<void> {
  // NOFOLLOW: root writes here in a directory of another user.
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW;
  const file = await open(join(cluster, 'postgresql.conf'), flags);
  try {
    await file.writeFile(`\ninclude_if_exists = '${FILE}'\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

export async function writeSettings(cluster: string, runAs: RunAs | null): Promise<void> {
  await replaceFile(join(cluster, FILE), SETTINGS, runAs);
}

/** What must hold whatever the files say: only 127.0.0.1, this port, no socket file. On the command line it wins. */
export function serverOptions(port: number): string {
  return `-c listen_addresses=${LOOPBACK} -c port=${port} -c unix_socket_directories=`;
}
