import { randomBytes } from 'node:crypto';
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { makeReachableDirectory } from './reachable-directory.ts';

const ABANDONED_AFTER_MS = 3_600_000;

/**
 * Makes the links between library names (`libpq.so.5` → `libpq.so.5.18`) that npm can not pack and a script of the
 * package makes after its installation, which `npm ci --ignore-scripts` leaves out. The package lists them in
 * `pg-symlinks.json`. Gives false where links are missing and the directory can not be written.
 */
export async function linkLibraries(native: string): Promise<boolean> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links: readonly { source: string; target: string }[] = JSON.parse(list);
  for (const { source, target } of links) {
    // The list starts at the package, `native/lib/…`; a copy has no directory of that name.
    const from = join(native, relative('native', source));
    const link = join(native, relative('native', target));
    if (await exists(link)) continue;
    // Another process may have made it meanwhile.
    const made = await symlink(relative(dirname(link), from), link).then(
      () => true,
      () => exists(link),
    );
    if (!made) return false;
  }
  return true;
}

/**
 * Copies what a server needs (no static libraries, no headers) to where every user can read it. The copy appears under
 * its name only when `check` passes it (a copy made while npm was still unpacking would fail every later start), and where two
 * make it at once the first one wins.
 */
export async function copyBinaries(
  native: string,
  copy: string,
  check: (draft: string) => Promise<void>,
): Promise<void> {
  const directory = dirname(copy);
  await makeReachableDirectory(directory);
  await removeAbandoned(directory, basename(copy));
  const draft = `${copy}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    await mkdir(draft);
    for (const part of ['bin', 'lib', 'share']) await copyTree(join(native, part), join(draft, part), part === 'bin');
    await copyFile(join(native, 'pg-symlinks.json'), join(draft, 'pg-symlinks.json'));
    await linkLibraries(draft);
    await chmod(draft, 0o755);
    await check(draft);
    await rename(draft, copy).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Modes are set and not copied: a checkout made under umask 077 would give a copy that nobody else can read. */
async function copyTree(from: string, to: string, executable: boolean): Promise<void> {
  await mkdir(to);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.name.endsWith('.a') || entry.name === 'pkgconfig' || entry.name === 'include') continue;
    if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else if (entry.isDirectory()) await copyTree(source, target, executable);
    else {
      await copyFile(source, target);
      await chmod(target, executable ? 0o755 : 0o644);
    }
  }
  await chmod(to, 0o755);
}

/** Drafts that a killed process left; a younger one may be another's that is still being made. */
async function removeAbandoned(directory: string, name: string): Promise<void> {
  for (const entry of await readdir(directory)) {
    if (!entry.startsWith(`${name}.`) || !entry.endsWith('.tmp')) continue;
    const draft = join(directory, entry);
    const found = await stat(draft).catch(() => null);
    if (found !== null && Date.now() - found.mtimeMs > ABANDONED_AFTER_MS)
      await rm(draft, { recursive: true, force: true });
  }
}
