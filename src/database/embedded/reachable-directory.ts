import { chmod, mkdir } from 'node:fs/promises';

/** Makes a directory that every user can enter, whatever the umask. One that is already there stays as it is. */
export async function makeReachableDirectory(path: string): Promise<void> {
  if ((await mkdir(path, { recursive: true })) !== undefined) await chmod(path, 0o755);
}
