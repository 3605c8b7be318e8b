import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { copyBinaries, linkLibraries } from './binary-files.ts';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { type RunAs, runProgram } from './run-program.ts';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly pgCtl: string;
  readonly postgres: string;
  readonly major: number;
  /** As PostgreSQL prints it, such as `18.4`. */
  readonly version: string;
}

export interface BinariesOptions {
  /** The `native` directory of an `@embedded-postgres/<platform>-<arch>` package. */
  readonly native: string;
  readonly runAs: RunAs | null;
  /** Where a copy goes that the user PostgreSQL runs as can reach. */
  readonly copyDirectory: string;
  readonly log: (line: string) => void;
}

const VERSION_TIMEOUT_MS = 10_000;

/**
 * Finds PostgreSQL in node_modules and makes sure that it runs as the user that it shall run as. Where it does not (a
 * checkout below /root, or a read-only node_modules installed without scripts and so without the library links) a
 * copy is made once per version and used from then on.
 *
 * @throws EmbeddedPostgresError `unsupported_platform`
 */
export async function prepareBinaries(options: BinariesOptions): Promise<PostgresBinaries> {
  const { native } = options;
  const linked = await linkLibraries(native);
  const installed = await tryBinaries(native, options.runAs);
  if (typeof installed !== 'string') return installed;
  if (options.runAs === null && linked) throw unusable(native, installed);

  const copy = join(options.copyDirectory, `postgresql-${packageVersion(native)}`);
  const existing = await tryBinaries(copy, options.runAs);
  if (typeof existing !== 'string') return existing;
  options.log(`PostgreSQL in ${native} can not be run from there (${installed}); a copy goes to ${copy}`);
  await copyBinaries(native, copy, async (draft) => {
    const drafted = await tryBinaries(draft, options.runAs);
    if (typeof drafted === 'string') throw unusable(native, drafted);
  });
  const copied = await tryBinaries(copy, options.runAs);
  if (typeof copied === 'string') throw unusable(copy, copied);
  return copied;
}

/** @throws EmbeddedPostgresError `unsupported_platform` */
export function findInstalledNative(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return resolve(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'unsupported_platform',
      `Set DATABASE_URL to a PostgreSQL 14 or newer: the embedded one (npm package ${name}) is not installed here. There is one ` +
        'for Linux (glibc) and macOS on x64 and arm64, which npm install without --omit=optional brings; the Docker image leaves it out.',
      { cause },
    );
  }
}

/** The binaries of a directory, or why they do not run as that user. initdb is asked too, as it alone needs libpq. */
async function tryBinaries(native: string, runAs: RunAs | null): Promise<PostgresBinaries | string> {
  const [initdb, pgCtl, postgres] = [
    join(native, 'bin/initdb'),
    join(native, 'bin/pg_ctl'),
    join(native, 'bin/postgres'),
  ];
  const askVersion = (file: string) => runProgram(file, ['--version'], { runAs, timeoutMs: VERSION_TIMEOUT_MS });
  const results = await Promise.all([postgres, initdb, pgCtl].map(askVersion));
  const failed = results.find((result) => !result.succeeded);
  if (failed !== undefined) return failed.output;
  const [, version, major] = /\(PostgreSQL\) ((\d+)\S*)/.exec(results[0]?.output ?? '') ?? [];
  if (version === undefined) return `${postgres} --version printed ${results[0]?.output}`;
  return { initdb, pgCtl, postgres, version, major: Number(major) };
}

function packageVersion(native: string): string {
  const manifest: { version?: unknown } = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8'));
  return String(manifest.version);
}

function unusable(native: string, reason: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'unsupported_platform',
    `The embedded PostgreSQL in ${native} does not run here: ${reason}\nIt needs glibc (Alpine has musl). Set DATABASE_URL to a PostgreSQL 14 or newer instead.`,
  );
}
