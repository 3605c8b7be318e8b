import type { SourceFileRow } from '../../database/schema.ts';
import { FILE_ERROR_CODES, type FileErrorCode } from '../../ingest/file-error.ts';
import { isEscapedName } from '../../ingest/sources/scan-directory.ts';
import { loadCommand } from './load-again.ts';

type FailedFile = Pick<SourceFileRow, 'fileId' | 'name' | 'errorCode' | 'origin' | 'path'>;

/** What to do about a file that failed, as a sentence of its own. */
export function adviceOnError(file: FailedFile): string {
  const code = FILE_ERROR_CODES.find((known) => known === file.errorCode);
  return code === undefined ? `Mend the cause and ${retry(file)}` : adviceOn(code, file);
}

function adviceOn(code: FileErrorCode, file: FailedFile): string {
  switch (code) {
    case 'missing_header':
    case 'missing_columns':
    case 'duplicate_columns':
    case 'unsupported_encoding':
    case 'corrupt_gzip':
    case 'gzip_bomb':
    case 'too_many_corrections':
      // Nobody watches the path of a file that a command was given.
      return file.origin === 'cli'
        ? `Mend the file, then ${retry(file)}`
        : 'Mend the file and put it there again, or upload it: a changed file is loaded as a new version.';
    case 'unreadable':
      // The message says that already, and to try again would not help.
      if (isEscapedName(file.name)) return 'Under another name it is loaded by itself.';
      return `See that it is there and may be read, then ${retry(file)}`;
    case 'load_failed':
      return `Mend the cause, then ${retry(file)}`;
  }
}

/** The end of a sentence; a service that retries a file of a command may not have it. */
function retry({ fileId, origin, path }: FailedFile): string {
  return origin === 'cli'
    ? `give the command again: ${loadCommand(path)}`
    : `retry it: POST /ingestion/files/${fileId}/retry.`;
}
