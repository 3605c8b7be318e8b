import { spawnSync } from 'node:child_process';

/** Whether this machine lets a test have a mount namespace of its own with a file system in it: Linux, as root. */
export const canMount =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs -o size=1m tmpfs /mnt']).status === 0;

/**
 * The command in front of a program that sees a small file system of its own at a directory, which ends with it. `size`
 * as for mount, such as `8m`; `mode` lets PostgreSQL's own user pass. Others look into it by `insideOf`.
 */
export function onTmpfs(directory: string, size: string): string[] {
  const script = `mount -t tmpfs -o size=${size},mode=0711 tmpfs "$0" && exec "$@"`;
  return ['unshare', '-m', '--propagation', 'private', 'sh', '-c', script, directory];
}

/** A path as the process sees it (https://man7.org/linux/man-pages/man5/proc_pid_root.5.html). */
export function insideOf(pid: number, path: string): string {
  return `/proc/${pid}/root${path}`;
}
