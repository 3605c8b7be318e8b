import { realpath, stat } from 'node:fs/promises';
import { errorCode } from '../error-code.ts';

/** There is no file under a name: then the command loads nothing at all, also of what else it is given. */
export class NoSuchFileError extends Error {
  readonly code = 'no_such_file';
}

/**
 * The path of a file that somebody has named. It is the user's word, so a link in it is followed, once and here.
 * @throws NoSuchFileError
 */
export async function namedPath(name: string): Promise<string> {
  const path = await realpath(name).catch((error) => {
    const code = errorCode(error);
    const why = code === 'ENOENT' ? 'is not there' : `can't be reached (${code})`;
    throw new NoSuchFileError(`${name} ${why}`, { cause: error });
  });
  if (!(await stat(path)).isFile()) throw new NoSuchFileError(`${name} is not a regular file`);
  return path;
}
