export type EmbeddedPostgresErrorCode =
  | 'unsupported_platform'
  | 'no_unprivileged_user'
  | 'unreachable_directory'
  | 'wrong_owner'
  | 'not_a_cluster'
  | 'version_mismatch'
  | 'initdb_failed'
  | 'start_failed'
  | 'stop_failed'
  | 'no_free_port'
  | 'locked'
  | 'stopped';

/** A fault of the embedded PostgreSQL. The message names what failed, where, and what a person can do about it. */
export class EmbeddedPostgresError extends Error {
  readonly code: EmbeddedPostgresErrorCode;

  constructor(code: EmbeddedPostgresErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EmbeddedPostgresError';
    this.code = code;
  }
}
