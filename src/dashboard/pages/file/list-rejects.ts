import { callJson } from '../../api/client.ts';
import type { Page, RejectReply } from '../../api/reply-types.ts';

export interface RejectQuery {
  readonly reason: string;
  readonly cursor: string | undefined;
  readonly limit: number;
}

export function listRejects(
  fileId: number,
  { reason, cursor, limit }: RejectQuery,
  signal: AbortSignal,
): Promise<Page<RejectReply>> {
  return callJson(`ingestion/files/${fileId}/rejects`, { query: { reason, cursor, limit }, signal });
}
