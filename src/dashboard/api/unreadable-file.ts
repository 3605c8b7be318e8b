import { ApiError } from './api-error.ts';

/**
 * Why a call with these files got no answer, where one of them is why: a browser sends nothing of a file that was changed,
 * moved or locked since it was chosen, and tells that like a broken connection.
 */
export async function unreadableFile(files: readonly File[]): Promise<ApiError | undefined> {
  for (const file of files) {
    try {
      await file.slice(0, 1).arrayBuffer();
    } catch (cause) {
      const message = `${file.name} has changed since it was chosen, or can't be read: choose it again.`;
      return new ApiError(0, 'unreadable_file', message, { cause });
    }
  }
  return undefined;
}
