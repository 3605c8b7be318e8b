import { fileURLToPath } from 'node:url';

/** The supported servers beside the one that Sluice ships; their packages exist for Linux on x64 only. */
export const OLDER_VERSIONS: readonly number[] =
  process.platform === 'linux' && process.arch === 'x64' ? [14, 15, 16, 17] : [];

/** The programs of an older PostgreSQL, installed from test/postgres-versions; undefined for the version that Sluice ships. */
export function binariesOf(major: number): string | undefined {
  if (major === 18) return undefined;
  return fileURLToPath(new URL(`../postgres-versions/node_modules/postgres-${major}/native`, import.meta.url));
}
