import type { DownloadLimits } from '../analytics/list-downloads.ts';
import type { UploadPace } from './upload-pace.ts';

/** Bounds for connections, which hold where no proxy stands before the service too. */
export interface ConnectionLimits {
  readonly headersTimeoutMs: number;
  /** without a byte in either direction, in the middle of a request or reply */
  readonly idleTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** for a whole request, the largest upload included */
  readonly requestTimeoutMs: number;
  /** how often Node looks for connections whose headers or request take too long */
  readonly checkMs: number;
  readonly maxConnections: number;
  readonly uploadPace: UploadPace;
  /** of whole lists of analytics */
  readonly downloads: DownloadLimits;
}

/**
 * The number of connections is bounded in all and not by address: behind a proxy, and on loopback, everybody has the same
 * one. It is far above what a crowd of clients needs and below the descriptors that systems allow a process; an upload takes
 * two. What is slow gives its connection back by the times.
 */
export const CONNECTION_LIMITS: ConnectionLimits = {
  headersTimeoutMs: 15_000,
  idleTimeoutMs: 90_000,
  keepAliveTimeoutMs: 10_000,
  requestTimeoutMs: 3 * 3600 * 1000,
  checkMs: 5000,
  maxConnections: 2000,
  // A line by modem brings four times as much; one byte now and then, to hold the connection, brings next to nothing.
  uploadPace: { windowMs: 30_000, bytes: 30 * 1024 },
  // A piece is 1,000 rows, some 70 KB.
  downloads: { atOnce: 1, untakenMs: 30_000, wholeMs: 5 * 60_000 },
};
