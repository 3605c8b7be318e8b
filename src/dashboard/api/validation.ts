import { callJson } from './client.ts';
import type { ValidationReply } from './reply-types.ts';
import { unreadableFile } from './unreadable-file.ts';

/** Has files read as loading would, of which nothing is kept. */
export async function validateFiles(
  files: readonly File[],
  options: { readonly maxRejectPercent: number | undefined; readonly signal: AbortSignal },
): Promise<readonly ValidationReply[]> {
  const form = new FormData();
  for (const file of files) form.append('file', file, file.name);
  const { maxRejectPercent, signal } = options;
  const reply = await callJson<{ readonly files: readonly ValidationReply[] }>('validate', {
    method: 'POST',
    query: { maxRejectPercent },
    body: form,
    signal,
  }).catch(async (error: unknown) => {
    throw (await unreadableFile(files)) ?? error;
  });
  return reply.files;
}
