import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';

/**
 * Writes a whole new file of mode 0600 beside `path` and renames it there. A reader sees the old text or the new one, and
 * a link that another user put at `path` is replaced, not followed.
 */
export async function replaceFile(
  path: string,
  text: string,
  owner: { readonly uid: number; readonly gid: number } | null,
): Promise<void> {
  const draft = `${path}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      if (owner !== null) await file.chown(owner.uid, owner.gid);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}
