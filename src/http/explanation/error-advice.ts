import type { SourceFileRow } from '../../database/schema.ts';
import { FILE_ERROR_CODES, type FileErrorCode } from '../../ingest/file-error.ts';
import { plainText } from '../../plain-text.ts';

/** What to do about a file that failed, as a sentence of its own. */
export function adviceOnError(file: Pick<SourceFileRow, 'fileId' | 'errorCode' | 'origin' | 'path'>): string {
  const { fileId, errorCode, origin, path } = file;
  // A service that retries a file of a command may not have it.
  const retry =
    origin === 'cli'
      ? `give the command again: npm run load -- ${plainText(path)}`
      : `retry it: POST /ingestion/files/${fileId}/retry`;
  const code = FILE_ERROR_CODES.find((known) => known === errorCode);
  return code === undefined ? `Mend the cause and ${retry}.` : adviceOn(code, retry);
}

function adviceOn(code: FileErrorCode, retry: string): string {
  switch (code) {
    case 'missing_header':
    case 'missing_columns':
    case 'duplicate_columns':
    case 'unsupported_encoding':
    case 'corrupt_gzip':
    case 'gzip_bomb':
    case 'too_many_corrections':
      return 'Mend the file and put it there again, or upload it: a changed file is loaded as a new version.';
    case 'unreadable':
      return `See that it is there and may be read, then ${retry}.`;
    case 'load_failed':
      return `Mend the cause, then ${retry}.`;
  }
}
