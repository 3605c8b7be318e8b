// The other contestant: `psql \copy`, PostgreSQL's own client, from its start to its exit.
import { access, constants, readdir, realpath, writeFile } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import { runProgram } from './run-program.mjs';

const COLUMNS = 'user_id,event_type,event_timestamp,product_id,product_name,product_price,session_id';
/** Stops at the first error, and reads no settings of whoever runs this. */
const OPTIONS = ['-X', '-q', '-v', 'ON_ERROR_STOP=1'];

const DEBIAN_WRAPPER = 'pg_wrapper';
const DEBIAN_VERSIONS = '/usr/lib/postgresql';

/** psql is not installed; the message says how to get it. */
export class MissingPsqlError extends Error {
  constructor() {
    super(
      'psql is not on the PATH, and without it there is nothing to compare with: install postgresql-client (Debian, Ubuntu, Alpine), postgresql (Fedora) or libpq (Homebrew)',
    );
  }
}

/** A psql that was found. */
export class Psql {
  /** as it calls itself, with its path */
  version;
  #path;

  /** @throws MissingPsqlError */
  static async find() {
    const psql = new Psql();
    const [onPath] = await executables((process.env.PATH ?? '').split(delimiter));
    if (onPath === undefined) throw new MissingPsqlError();
    psql.#path = await withoutWrapper(onPath);
    psql.version = `${(await runProgram(psql.#path, ['--version'])).trim()}, ${psql.#path}`;
    return psql;
  }

  /** Loads one file. */
  async copyFile(url, file, signal) {
    await this.#run(url, ['-c', copyCommand(file)], signal);
  }

  /** Loads many files, with a command for each; `script` is the file that they are put in, by `writeScript`. */
  async runScript(url, script, signal) {
    await this.#run(url, ['-f', script], signal);
  }

  async #run(url, args, signal) {
    const address = new URL(url);
    const password = decodeURIComponent(address.password);
    // On the command line everybody on the machine could read it.
    address.password = '';
    const env = {
      ...process.env,
      ...(password === '' ? {} : { PGPASSWORD: password }),
      PGCLIENTENCODING: 'UTF8',
      PGTZ: 'UTC',
      // By itself libpq encrypts where the server can and node-postgres does not: psql would pay for what Sluice saves.
      PGSSLMODE: process.env.PGSSLMODE ?? 'disable',
      PGGSSENCMODE: 'disable',
    };
    await runProgram(this.#path, [...OPTIONS, '-d', address.href, ...args], { env, signal });
  }
}

export async function writeScript(path, files) {
  await writeFile(path, `${files.map(copyCommand).join('\n')}\n`);
}

function copyCommand({ path, gzip }) {
  const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
  const source = gzip ? `program ${quoted(`gzip -dc '${path}'`)}` : quoted(path);
  return `\\copy user_events(${COLUMNS}) from ${source} with (format csv, header true)`;
}

/** Debian's psql is a Perl script that looks for the real one, 50 ms in every run. */
async function withoutWrapper(path) {
  if (basename(await realpath(path)) !== DEBIAN_WRAPPER) return path;
  const versions = await readdir(DEBIAN_VERSIONS).catch(() => []);
  const newestFirst = versions.sort((a, b) => Number(b) - Number(a));
  const [real] = await executables(newestFirst.map((version) => join(DEBIAN_VERSIONS, version, 'bin')));
  return real ?? path;
}

async function executables(directories) {
  const found = [];
  for (const directory of directories) {
    const path = join(directory, 'psql');
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      found.push(path);
  }
  return found;
}
