import { isTakenFromFolder } from './upload-name.ts';

/** What somebody has dropped or chosen. */
export interface Dropped {
  readonly files: readonly File[];
  /** how many files of folders are no CSV by their names, or too many, and were left */
  readonly leftOut: number;
}

/** Some thousands of rows could still be shown; more is a task for the watched folder. */
export const MAX_DROPPED = 1000;

export const LEFT_OUT = `Left out: of a folder only .csv and .csv.gz are sent, and at most ${MAX_DROPPED}. More of them go into the watched folder.`;
export const NO_FILE = 'There is no file in it.';

/** What is sent of the files of a folder. */
export function fromFolder(found: readonly File[]): Dropped {
  const files = found.filter(({ name }) => isTakenFromFolder(name)).slice(0, MAX_DROPPED);
  return { files, leftOut: found.length - files.length };
}
