import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Puts files into a watched folder, each whole at once. Hundreds that are written in place at the same time are opened long
 * before they have content, and on a busy machine rest for SETTLE_MS in between: an empty file is a version of its own then.
 */
export async function putFiles(
  directory: string,
  files: readonly { readonly name: string; readonly content: string | Uint8Array }[],
): Promise<void> {
  await Promise.all(
    files.map(async ({ name, content }) => {
      const draft = join(directory, `${name}.tmp`);
      await writeFile(draft, content);
      await rename(draft, join(directory, name));
    }),
  );
}
