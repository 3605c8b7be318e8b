/** Why a file failed as a whole; nothing of a failed file is in `user_events`. */
export const FILE_ERROR_CODES = [
  'missing_header',
  'missing_columns',
  'duplicate_columns',
  'unsupported_encoding',
  'corrupt_gzip',
  'gzip_bomb',
  'unreadable',
  'too_many_corrections',
  'load_failed',
] as const;

export type FileErrorCode = (typeof FILE_ERROR_CODES)[number];

/** A fault of the file itself (or, for `load_failed`, of the database that keeps refusing it) that ends its load. */
export class FileError extends Error {
  readonly code: FileErrorCode;

  constructor(code: FileErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FileError';
    this.code = code;
  }
}
