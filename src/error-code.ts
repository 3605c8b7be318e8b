/** The system's or server's code of a failed call, such as `ENOENT`; empty where it has none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/**
 * What was wrong in the first place: a query builder's message says which query failed, with its parameters, which
 * belong in no log; only its cause says why.
 */
export function rootMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'query' in error && error.cause instanceof Error ? rootMessage(error.cause) : error.message;
}
