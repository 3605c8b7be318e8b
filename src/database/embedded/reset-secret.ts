import { SUPERUSER } from './database-url-file.ts';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { type ClusterRuntime, removeStalePidFile } from './postmaster.ts';
import { runProgram } from './run-program.ts';

const TIMEOUT_MS = 30_000;

/**
 * Gives a stopped cluster a new password where `database-url` was lost, without a session, which would need the old one.
 * Single-user mode: https://www.postgresql.org/docs/18/app-postgres.html.
 */
export async function resetSecret(runtime: ClusterRuntime, secret: string): Promise<void> {
  const { cluster, binaries, runAs } = runtime;
  await removeStalePidFile(cluster);
  const result = await runProgram(binaries.postgres, ['--single', '-D', cluster, 'postgres'], {
    runAs,
    timeoutMs: TIMEOUT_MS,
    input: `ALTER ROLE ${SUPERUSER} PASSWORD '${secret}'\n`,
  });
  // Single-user mode ends with success also after a statement that failed.
  if (result.succeeded && !/^.*\b(ERROR|FATAL|PANIC): /m.test(result.output)) return;
  throw new EmbeddedPostgresError(
    'start_failed',
    `The password of the embedded PostgreSQL in ${cluster} was lost with its database-url file, and a new one could not be set. PostgreSQL said:\n${result.output}`,
  );
}
